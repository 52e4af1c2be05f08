// Cells over MongoDB, read and compared.
#include <algorithm>

#include "store/index.h"
#include "store/mongo/cell_block.h"
#include "store/mongo/cell_documents.h"
#include "store/mongo/cell_keeper.h"
#include "store/mongo/setup.h"

namespace barracuda::store {

namespace {

constexpr int64_t kAskMs = 8'000;
constexpr int64_t kDaysAtOnce = 32;

}  // namespace

Result<Time> CellKeeper::AsOf() {
    auto state = State();
    if (!state) return Fail(state.error());
    if (!*state) return Fail(ErrorCode::kUnavailable, "the reports are being counted");
    return **state;
}

Result<bool> CellKeeper::Read(CellView view, Time from, Time to, const TakeCell& take) {
    if (auto built = AsOf(); !built) return Fail(built.error());
    const int64_t step = view == CellView::kAll ? kCellDayMs : kDaysAtOnce * kCellDayMs;
    for (Time at = DayOf(from); at < to; at = After(at, step)) {
        auto read = ReadChunk(view, std::max(at, from), std::min(After(at, step), to), take);
        if (!read) return Fail(read.error());
        if (*read == CellRead::kDamaged) return Fail(CellDamaged());
        if (*read == CellRead::kEnough) break;
    }
    return true;
}

Result<CellRead> CellKeeper::ReadChunk(CellView view, Time from, Time to, const TakeCell& take) {
    const char* field = FieldOf(view);
    const Time first{from.ms - from.ms % GrainMs(view)};
    Bson range, filter, options;
    range.Document("$gte", IdOf(GrainOf(view), first)).Document("$lt", IdOf(GrainOf(view), to));
    filter.Document("_id", range);
    options.Document("projection", Bson().Int(field, 1)).Document("sort", Bson().Int("_id", 1));
    options.Int("maxTimeMS", kAskMs);
    auto found = Find(kCellCollection, filter, options);
    if (!found) return Fail(found.error());
    CellRead all = CellRead::kDone;
    const auto take_cell = [&](std::string_view key, std::string_view rows) {
        const auto begin = CellBegin(key);
        if (all != CellRead::kDone || (begin && (*begin < from || *begin >= to))) return;
        all = EachRow(key, rows, take);
    };
    for (const auto& document : *found) {
        const domain::TopFields fields(document);
        const auto stored = BlockIn(fields, field);
        std::string counted;
        if (!stored) {
            auto block = CountBlock(view, AtIn(fields));
            if (!block) return Fail(block.error());
            counted = std::move(*block);
        }
        if (!EachCell(stored.value_or(counted), take_cell)) return CellRead::kDamaged;
        if (all != CellRead::kDone) return all;
    }
    return all;
}

// What was too large for a field.
Result<std::string> CellKeeper::CountBlock(CellView view, Time begin) {
    if (view == CellView::kAll) return CountQuarter(begin);
    auto blocks = CountDay(begin);
    if (!blocks) return Fail(blocks.error());
    for (auto& [field, block] : *blocks) {
        if (std::string_view(field) == FieldOf(view)) return std::move(block);
    }
    return std::string();
}

Result<bool> CellKeeper::IsRight(const char* grain, Time begin) {
    auto stored = Load(grain, begin);
    if (!stored) return Fail(stored.error());
    Blocks blocks;
    if (grain == kDay) {
        auto day = CountDay(begin);
        if (!day) return Fail(day.error());
        blocks = std::move(*day);
    } else {
        auto block = CountQuarter(begin);
        if (!block) return Fail(block.error());
        blocks = {{FieldOf(CellView::kAll), std::move(*block)}};
    }
    const domain::TopFields fields(stored->document);
    return std::all_of(blocks.begin(), blocks.end(), [&](const auto& one) {
        // Nothing where nothing is to be is right, and what was too large is counted by readers.
        const auto block = stored->rev == 0 ? std::string_view() : BlockIn(fields, one.first);
        return !block || *block == one.second;
    });
}

Result<bool> CellKeeper::MovedSince(Time since, Time from, Time to) {
    Bson range, filter, options;
    range.Date("$gte", from).Date("$lt", to);
    filter.Document("createdAt", range).Document("updatedAt", Bson().Date("$gte", since));
    options.Text("hint", NameOfIndex(IndexOf(IndexId::kConversionCreated)));
    options.Document("projection", Bson().Int("updatedAt", 1));
    options.Int("limit", 1).Int("maxTimeMS", kAskMs);
    auto found = Find("conversions", filter, options);
    if (!found) return Fail(found.error());
    return !found->empty();
}

Result<CellKeeper::Quarters> CellKeeper::AllQuarters() {
    Quarters quarters;
    Bson filter, options;
    filter.Document("_id.grain", Bson().Text("$eq", kQuarter));
    options.Document("projection", Bson().Int("_id", 1)).Int("maxTimeMS", kAskMs);
    auto stored = Find(kCellCollection, filter, options);
    if (!stored) return Fail(stored.error());
    for (const auto& document : *stored) quarters.insert(AtIn(domain::TopFields(document)));
    for (Time from{INT64_MIN};;) {
        auto next = NextQuarter(from);
        if (!next) return Fail(next.error());
        if (!*next) return quarters;
        quarters.insert(**next);
        from = After(**next, kQuarterMs);
    }
}

Result<std::vector<std::string>> CellKeeper::Verify(bool repair) {
    std::vector<std::string> findings;
    auto state = State();
    if (!state) return Fail(state.error());
    if (!*state) return findings;  // the next server counts all of them
    auto quarters = AllQuarters();
    if (!quarters) return Fail(quarters.error());
    const Time swept = After(**state, -kSweptFarBehindMs);
    std::set<Time> wrong_days, days;
    Quarters wrong;
    const auto judge = [&](const char* grain, Time begin, int64_t length) -> Result<bool> {
        auto right = IsRight(grain, begin);
        if (!right || *right) return right;
        if (repair) return false;
        return MovedSince(swept, begin, After(begin, length));
    };
    for (Time quarter : *quarters) {
        days.insert(DayOf(quarter));
        auto right = judge(kQuarter, quarter, kQuarterMs);
        if (!right) return Fail(right.error());
        if (*right) continue;
        wrong.insert(quarter);
        wrong_days.insert(DayOf(quarter));
    }
    for (Time day : days) {
        auto right = judge(kDay, day, kCellDayMs);
        if (!right) return Fail(right.error());
        if (!*right) wrong_days.insert(day);
    }
    for (Time day : wrong_days) {
        findings.push_back("cells of the reports missing or wrong: " + day.Iso().substr(0, 10));
    }
    if (!repair) return findings;
    if (auto done = Recount(wrong, {}); !done) return Fail(done.error());
    for (Time day : wrong_days) {
        if (auto done = RecountDay(day); !done) return Fail(done.error());
    }
    return findings;
}

}  // namespace barracuda::store
