#include "store/mongo/cell_keeper.h"

#include "base/object_id.h"
#include "domain/bson.h"
#include "store/index.h"
#include "store/mongo/ask.h"
#include "store/mongo/cell_block.h"
#include "store/mongo/cell_documents.h"
#include "store/mongo/setup.h"

namespace barracuda::store {

namespace {

constexpr int64_t kAskMs = 8'000;
constexpr int64_t kLeaseMs = 60'000;
constexpr int64_t kFarEveryMs = 60'000;
constexpr size_t kQuarterBytesMax = 12 << 20, kViewBytesMax = 3 << 20;

Bson Within(const char* field, Time from, Time to) {
    Bson range, filter;
    range.Date("$gte", from).Date("$lt", to);
    filter.Document(field, range);
    return filter;
}

// What CountedOf reads.
Bson CountedFields() {
    Bson fields;
    for (const char* name :
         {"createdAt",
          "is_test",
          "goal_id",
          "goal_type",
          "status",
          "provenance",
          "occurrence",
          "affiliate_id",
          "offer_id",
          "country",
          "source",
          "currency",
          "amount",
          "payout",
          "revenue"}) {
        fields.Int(name, 1);
    }
    return fields;
}

Bson Hinted(IndexId index) {
    Bson options;
    options.Text("hint", NameOfIndex(IndexOf(index))).Int("maxTimeMS", kAskMs);
    return options;
}

}  // namespace

CellKeeper::CellKeeper(MongoClient& client, Seen& seen)
    : client_(client), seen_(seen), owner_(ObjectId::New().Hex()) {}

Result<std::vector<std::string>> CellKeeper::Find(
    const char* collection, const Bson& filter, const Bson& options
) {
    auto lease = client_.Take();
    if (!lease) return Fail(lease.error());
    return seen_.Find(*lease, collection, filter, options);
}

// --- what moved ------------------------------------------------------------------------------

Result<bool> CellKeeper::Leased(Time now) {
    auto lease = client_.Take();
    if (!lease) return Fail(lease.error());
    Bson ours, over, either, filter, update, options;
    ours.Text("owner", owner_);
    over.Document("until", Bson().Date("$lt", now));
    either.Document("0", ours).Document("1", over);
    filter.Document("_id", IdOf("lease")).Array("$or", either);
    update.Document("$set", Bson().Text("owner", owner_).Date("until", After(now, kLeaseMs)));
    options.Bool("upsert", true);
    bson_error_t error = {};
    auto in = lease->Collection(kCellCollection);
    if (mongoc_collection_update_one(
            in.get(), filter.get(), update.get(), options.get(), nullptr, &error
        )) {
        return true;
    }
    if (error.code == 11000) return false;  // another node has it
    return Fail(ToldError(error));
}

Result<std::optional<Time>> CellKeeper::State() {
    Bson filter;
    filter.Document("_id", IdOf("state"));
    auto found = Find(kCellCollection, filter, Bson().Int("limit", 1).Int("maxTimeMS", kAskMs));
    if (!found) return Fail(found.error());
    if (found->empty()) return std::optional<Time>();
    const domain::TopFields fields(found->front());
    if (fields.Number("version") != kCellVersion) return std::optional<Time>();
    return fields.Date("asOf");
}

Result<bool> CellKeeper::SetState(Time as_of) {
    auto lease = client_.Take();
    if (!lease) return Fail(lease.error());
    Bson filter, update, options;
    filter.Document("_id", IdOf("state"));
    update.Document("$set", Bson().Int("version", kCellVersion));
    update.Document("$max", Bson().Date("asOf", as_of));
    options.Bool("upsert", true);
    bson_error_t error = {};
    auto in = lease->Collection(kCellCollection);
    if (!mongoc_collection_update_one(
            in.get(), filter.get(), update.get(), options.get(), nullptr, &error
        )) {
        return Fail(ToldError(error));
    }
    return true;
}

// Cells of another version, or of a first sweep that never came to its end.
Result<bool> CellKeeper::Forget() {
    auto lease = client_.Take();
    if (!lease) return Fail(lease.error());
    Bson grains, filter;
    grains.Text("0", kQuarter).Text("1", kDay).Text("2", "state");
    filter.Document("_id.grain", Bson().Array("$in", grains));
    bson_error_t error = {};
    auto in = lease->Collection(kCellCollection);
    if (!mongoc_collection_delete_many(in.get(), filter.get(), nullptr, nullptr, &error)) {
        return Fail(ToldError(error));
    }
    return true;
}

Result<CellKeeper::Quarters> CellKeeper::Moved(Time since) {
    auto lease = client_.Take();
    if (!lease) return Fail(lease.error());
    Bson stages, match, group, options;
    match.Document("updatedAt", Bson().Date("$gte", since));
    match.Document("createdAt", Bson().Text("$type", "date"));
    group = Bson::Json(R"({"_id":{"$subtract":[{"$toLong":"$createdAt"},)"
                       R"({"$mod":[{"$toLong":"$createdAt"},900000]}]}})");
    stages.Document("0", Bson().Document("$match", match));
    stages.Document("1", Bson().Document("$group", group));
    options.Text("hint", NameOfIndex(IndexOf(IndexId::kConversionUpdated)));
    options.Int("maxTimeMS", kAskMs);
    auto in = lease->Collection("conversions");
    MongoCursor cursor(
        mongoc_collection_aggregate(
            in.get(),
            MONGOC_QUERY_NONE,
            Bson().Array("pipeline", stages).get(),
            options.get(),
            nullptr
        ),
        mongoc_cursor_destroy
    );
    Quarters quarters;
    const bson_t* document = nullptr;
    while (mongoc_cursor_next(cursor.get(), &document)) {
        bson_iter_t at;
        if (!bson_iter_init_find(&at, document, "_id")) continue;
        quarters.insert(BeginOfCell(CellView::kAll, Time{bson_iter_as_int64(&at)}));
    }
    bson_error_t error = {};
    if (mongoc_cursor_error(cursor.get(), &error)) return Fail(ToldError(error));
    return quarters;
}

Result<std::optional<Time>> CellKeeper::NextQuarter(Time from) {
    Bson filter, options = Hinted(IndexId::kConversionCreated);
    filter.Document("createdAt", Bson().Date("$gte", from));
    options.Document("sort", Bson().Int("createdAt", 1)).Int("limit", 1);
    options.Document("projection", Bson().Int("createdAt", 1));
    auto found = Find("conversions", filter, options);
    if (!found) return Fail(found.error());
    if (found->empty()) return std::optional<Time>();
    const Time created{domain::TopFields(found->front()).Number("createdAt")};
    return std::optional(BeginOfCell(CellView::kAll, created));
}

Result<bool> CellKeeper::Build(std::stop_token stop) {
    if (auto forgot = Forget(); !forgot) return forgot;
    Time from{INT64_MIN};
    for (Quarters of_day;;) {
        auto quarter = NextQuarter(from);
        if (!quarter) return Fail(quarter.error());
        const bool day_ends =
            !*quarter || (!of_day.empty() && DayOf(**quarter) != DayOf(*of_day.begin()));
        if (day_ends) {
            if (auto done = Recount(of_day, stop); !done) return done;
            of_day.clear();
        }
        if (!*quarter) return true;
        of_day.insert(**quarter);
        from = After(**quarter, kQuarterMs);
    }
}

Result<bool> CellKeeper::Recount(const Quarters& quarters, std::stop_token stop) {
    std::set<Time> days;
    for (Time quarter : quarters) {
        if (stop.stop_requested()) return Fail(ErrorCode::kUnavailable, "it was stopped");
        if (auto done = RecountQuarter(quarter); !done) return done;
        days.insert(DayOf(quarter));
    }
    for (Time day : days) {
        if (auto done = RecountDay(day); !done) return done;
    }
    return true;
}

Result<bool> CellKeeper::Sweep(Time now, std::stop_token stop) {
    auto state = State();
    if (!state) return Fail(state.error());
    if (!*state) {
        if (auto built = Build(stop); !built) return built;
        return SetState(now);
    }
    bool far = false;
    {
        MutexLock lock(mutex_);
        far = now.ms - wide_.ms >= kFarEveryMs;
    }
    auto moved = Moved(After(**state, far ? -kSweptFarBehindMs : -kSweptBehindMs));
    if (!moved) return Fail(moved.error());
    if (auto done = Recount(*moved, stop); !done) return done;
    if (far) {
        MutexLock lock(mutex_);
        wide_ = now;
    }
    return SetState(now);
}

Result<bool> CellKeeper::SweepInTurn(Time now, std::stop_token stop) {
    auto leased = Leased(now);
    if (!leased || !*leased) return leased;
    return Sweep(now, std::move(stop));
}

// --- counting --------------------------------------------------------------------------------

Result<std::string> CellKeeper::CountQuarter(Time begin) {
    CellBatch batch;
    // What was before 1970 counts there.
    const Time from = begin.ms == 0 ? Time{INT64_MIN} : begin;
    Bson options = Hinted(IndexId::kConversionCreated);
    options.Document("projection", CountedFields());
    auto found = Find("conversions", Within("createdAt", from, After(begin, kQuarterMs)), options);
    if (!found) return Fail(found.error());
    for (const auto& document : *found) {
        const auto counted = CountedOf(domain::TopFields(document));
        if (counted) batch.Add(CellView::kAll, *counted, +1);
    }
    return BlockOf(batch);
}

Result<CellKeeper::Blocks> CellKeeper::CountDay(Time begin) {
    constexpr size_t kViews = std::size(kCellViews);
    std::array<CellBatch, kViews> batches;
    auto read = ReadChunk(CellView::kAll, begin, After(begin, kCellDayMs), [&](const Cell& cell) {
        Counted counted;
        counted.at = cell.begin;
        counted.goal = cell.goal;
        for (size_t i = 0; i < kCellFields; ++i) counted.texts[i] = cell.texts[i];
        counted.kind = cell.kind;
        counted.currency = cell.currency;
        counted.sums = cell.sums;
        for (size_t i = 1; i < kViews; ++i) batches[i].Add(kCellViews[i], counted, +1);
        return true;
    });
    if (!read) return Fail(read.error());
    if (*read == CellRead::kDamaged) return Fail(CellDamaged());
    Blocks blocks;
    for (size_t i = 1; i < kViews; ++i) {
        blocks.emplace_back(FieldOf(kCellViews[i]), BlockOf(batches[i]));
    }
    return blocks;
}

Result<CellKeeper::Stored> CellKeeper::Load(const char* grain, Time at) {
    Bson filter;
    filter.Document("_id", IdOf(grain, at));
    auto found = Find(kCellCollection, filter, Bson().Int("limit", 1).Int("maxTimeMS", kAskMs));
    if (!found) return Fail(found.error());
    Stored stored;
    if (found->empty()) return stored;
    stored.document = std::move(found->front());
    stored.rev = domain::TopFields(stored.document).Number("rev");
    return stored;
}

Result<bool> CellKeeper::Replace(const char* grain, Time at, int64_t rev, const Blocks& blocks) {
    auto lease = client_.Take();
    if (!lease) return Fail(lease.error());
    const size_t most = std::string_view(grain) == kQuarter ? kQuarterBytesMax : kViewBytesMax;
    Bson filter, document, options;
    filter.Document("_id", IdOf(grain, at)).Int("rev", rev);
    document.Document("_id", IdOf(grain, at)).Int("rev", rev + 1);
    for (const auto& [field, block] : blocks) {
        if (block.size() <= most) AppendBlock(document, field, block);
    }
    options.Bool("upsert", rev == 0);
    bson_error_t error = {};
    bson_t reply;
    auto in = lease->Collection(kCellCollection);
    const bool done = mongoc_collection_replace_one(
        in.get(), filter.get(), document.get(), options.get(), &reply, &error
    );
    bson_iter_t at_count;
    int64_t hit = 0;
    for (const char* count : {"matchedCount", "upsertedCount"}) {
        if (bson_iter_init_find(&at_count, &reply, count)) hit += bson_iter_as_int64(&at_count);
    }
    bson_destroy(&reply);
    if (done) return hit > 0;
    if (error.code == 11000) return false;
    return Fail(ToldError(error));
}

namespace {

constexpr int kTries = 5;  // of counting what another node counts at the same time

bool HoldsAll(
    const std::string& document, std::span<const std::pair<const char*, std::string>> blocks
) {
    const domain::TopFields fields(document);
    for (const auto& [name, block] : blocks) {
        const auto stored = BlockIn(fields, name);
        if (!stored || *stored != block) return false;
    }
    return true;
}

Error Contended() { return {ErrorCode::kUnavailable, "several nodes count the reports", {}}; }

}  // namespace

Result<bool> CellKeeper::RecountQuarter(Time begin) {
    for (int tries = 0; tries < kTries; ++tries) {
        auto stored = Load(kQuarter, begin);
        if (!stored) return Fail(stored.error());
        auto block = CountQuarter(begin);
        if (!block) return Fail(block.error());
        const Blocks blocks = {{FieldOf(CellView::kAll), std::move(*block)}};
        if (stored->rev > 0 && HoldsAll(stored->document, blocks)) return true;
        auto replaced = Replace(kQuarter, begin, stored->rev, blocks);
        if (!replaced || *replaced) return replaced;
    }
    return Fail(Contended());
}

Result<bool> CellKeeper::RecountDay(Time begin) {
    for (int tries = 0; tries < kTries; ++tries) {
        auto stored = Load(kDay, begin);
        if (!stored) return Fail(stored.error());
        auto blocks = CountDay(begin);
        if (!blocks) return Fail(blocks.error());
        if (stored->rev > 0 && HoldsAll(stored->document, *blocks)) return true;
        auto replaced = Replace(kDay, begin, stored->rev, *blocks);
        if (!replaced || *replaced) return replaced;
    }
    return Fail(Contended());
}

}  // namespace barracuda::store
