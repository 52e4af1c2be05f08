#include "store/cells.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "base/money.h"
#include "base/text.h"
#include "store/engine.h"
#include "store/key_head.h"
#include "store/put_bytes.h"

namespace barracuda::store {

namespace {

using domain::GoalType;
using domain::Provenance;
using domain::Status;

// In the order of their numbers in a cell, which are those of the index of states.
constexpr GoalType kTypes[] = {GoalType::kOther, GoalType::kRegistration, GoalType::kDeposit};
constexpr Status kStatuses[] = {Status::kPending, Status::kApproved, Status::kRejected};
constexpr Provenance kProvenances[] = {
    Provenance::kUnknown,
    Provenance::kReported,
    Provenance::kAdmin,
    Provenance::kForm,
    Provenance::kAuto};
// Each has its bits in CellKind::Number.
static_assert(std::size(kTypes) <= 4 && std::size(kStatuses) <= 4 && std::size(kProvenances) <= 8);
static_assert(kCellDayMs % kQuarterMs == 0);  // a day's cell begins where a quarter's does
constexpr const char* kMoney[] = {"amount", "payout", "revenue"};
constexpr const char* kTextFields[kCellFields] = {"affiliate_id", "offer_id", "country", "source"};

template <typename Word, size_t kSize>
uint64_t NumberOf(const Word (&words)[kSize], Word word) {
    const auto number = static_cast<uint64_t>(std::find(words, words + kSize, word) - words);
    BARRACUDA_CHECK(number < kSize);  // else it would count as another one's bits
    return number;
}

// The first one where `name` is no word of it, as a document is read.
template <typename Word, size_t kSize>
Word WordOf(const Word (&words)[kSize], Word otherwise, std::string_view name) {
    for (Word word : words) {
        if (name == domain::NameOf(word)) return word;
    }
    return otherwise;
}

// Which texts a view tells apart.
bool Holds(CellView view, CellField field) {
    if (view == CellView::kAll) return true;
    return static_cast<int>(view) - static_cast<int>(CellView::kAffiliate) ==
           static_cast<int>(field);
}

// Numbers are in groups of seven bits, the lowest first; signed ones fold their sign into the
// lowest bit.
void AppendLarge(std::string& to, unsigned __int128 number) {
    while (number >= 0x80) {
        to.push_back(static_cast<char>(0x80 | (number & 0x7f)));
        number >>= 7;
    }
    to.push_back(static_cast<char>(number));
}

inline void AppendNumber(std::string& to, unsigned __int128 number) {
    if (number >= 0x80) return AppendLarge(to, number);
    to.push_back(static_cast<char>(number));  // nearly every one
}

void AppendSigned(std::string& to, __int128 number) {
    const auto bits = static_cast<unsigned __int128>(number);
    AppendNumber(to, number < 0 ? ~(bits << 1) : bits << 1);
}

char* PutBegin(char* at, Time begin) {
    BARRACUDA_CHECK(begin.ms >= 0 && begin.ms % kQuarterMs == 0);  // BeginOfCell's
    const auto quarter = static_cast<uint64_t>(begin.ms / kQuarterMs);
    BARRACUDA_CHECK(quarter <= UINT32_MAX);
    for (int shift = 24; shift >= 0; shift -= 8) *at++ = static_cast<char>(quarter >> shift);
    return at;
}

class Bytes {
public:
    explicit Bytes(std::string_view rest) : rest_(rest) {}

    unsigned __int128 Number() {
        unsigned __int128 number = 0;
        for (int shift = 0; shift < 128; shift += 7) {
            if (rest_.empty()) break;
            const auto byte = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            number |= static_cast<unsigned __int128>(byte & 0x7f) << shift;
            if (byte < 0x80) return number;
        }
        sound_ = false;
        return 0;
    }
    __int128 Signed() {
        const auto number = Number();
        return static_cast<__int128>(number & 1 ? ~(number >> 1) : number >> 1);
    }
    std::string_view Sized() {
        const auto size = Number();
        sound_ = sound_ && size <= rest_.size();
        return sound_ ? Take(static_cast<size_t>(size)) : std::string_view();
    }
    bool sound() const { return sound_; }
    bool ended() const { return rest_.empty(); }
    size_t left() const { return rest_.size(); }

private:
    std::string_view Take(size_t size) {
        const auto taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }

    std::string_view rest_;
    bool sound_ = true;
};

constexpr size_t kHeadBytes = 6;  // prefix, view, begin
static_assert(kHeadBytes == 2 + sizeof(uint32_t));

// One row of a value: `id` is its bytes that tell it from the others.
struct RowBytes {
    std::string_view id;
    CellSums sums;
};

std::optional<RowBytes> NextRow(std::string_view& rows) {
    Bytes bytes(rows);
    const size_t before = rows.size();
    bytes.Number();
    bytes.Sized();
    RowBytes row;
    row.id = rows.substr(0, before - bytes.left());
    row.sums.count = static_cast<int64_t>(bytes.Signed());
    for (auto& sum : row.sums.money) sum = bytes.Signed();
    if (!bytes.sound()) return std::nullopt;
    rows.remove_prefix(before - bytes.left());
    return row;
}

void AppendRow(std::string& to, std::string_view id, const CellSums& sums) {
    if (sums.Nothing()) return;
    to.append(id);
    AppendSigned(to, sums.count);
    for (auto sum : sums.money) AppendSigned(to, sum);
}

}  // namespace

std::string CellText(std::string_view text) {
    constexpr size_t kTextMax = 120, kKept = 100, kHashBytes = 16;
    if (text.size() <= kTextMax) return std::string(text);
    return std::string(CutUtf8(text, kKept)) + "\xe2\x80\xa6" +
           HashHex(text, kHashBytes).substr(0, kHashBytes);
}

uint64_t CellKind::Number() const {
    return NumberOf(kTypes, type) | NumberOf(kStatuses, status) << 2 |
           NumberOf(kProvenances, provenance) << 4 | uint64_t{again} << 7;
}

std::optional<CellKind> CellKind::Of(uint64_t number) {
    const size_t type = number & 3, status = number >> 2 & 3, provenance = number >> 4 & 7;
    if (type >= std::size(kTypes) || status >= std::size(kStatuses) ||
        provenance >= std::size(kProvenances) || number >= 0x100) {
        return std::nullopt;
    }
    return CellKind{
        kTypes[type], kStatuses[status], kProvenances[provenance], (number >> 7 & 1) != 0};
}

void CellSums::Add(const CellSums& other, int sign) {
    BARRACUDA_CHECK(sign == 1 || sign == -1);  // counted, or taken back
    count += sign * other.count;
    for (size_t i = 0; i < money.size(); ++i) money[i] += sign * other.money[i];
}

std::optional<Counted> CountedOf(const domain::TopFields& document) {
    const auto at = document.Date("createdAt");
    std::string spare;
    const auto text = [&](const char* field) { return document.TextIn(field, spare); };
    if (!at || text("is_test") == "true") return std::nullopt;
    Counted counted;
    counted.at = *at;
    counted.goal = CellText(text("goal_id"));
    for (size_t i = 0; i < kCellFields; ++i) counted.texts[i] = CellText(text(kTextFields[i]));
    counted.kind = {
        WordOf(kTypes, GoalType::kOther, text("goal_type")),
        WordOf(kStatuses, Status::kPending, text("status")),
        WordOf(kProvenances, Provenance::kUnknown, text("provenance")),
        !text("occurrence").empty()};
    counted.currency = CellText(text("currency"));
    if (counted.currency.empty()) counted.currency = domain::kDefaultCurrency;
    counted.sums.count = 1;
    for (size_t i = 0; i < std::size(kMoney); ++i) {
        const auto amount = text(kMoney[i]);
        if (amount.empty()) continue;
        if (const auto sum = Money::Parse(amount)) counted.sums.money[i] = sum->micros;
    }
    return counted;
}

Time BeginOfCell(CellView view, Time at) {
    const int64_t length = LengthOf(view), most = int64_t{UINT32_MAX} * kQuarterMs;
    const int64_t ms = std::clamp(at.ms, int64_t{0}, most);
    return Time{ms - ms % length};
}

std::string CellPrefix(CellView view, Time at) {
    std::string prefix(kHeadBytes, '\0');
    prefix[0] = kCellPrefix;
    prefix[1] = static_cast<char>(view);
    PutBegin(prefix.data() + 2, BeginOfCell(view, at));
    return prefix;
}

std::optional<Time> CellBegin(std::string_view key) {
    if (key.size() < kHeadBytes || key[0] != kCellPrefix) return std::nullopt;
    uint32_t quarter = 0;
    for (char byte : key.substr(2, 4)) quarter = quarter << 8 | static_cast<unsigned char>(byte);
    return Time{int64_t{quarter} * kQuarterMs};
}

CellRead EachRow(std::string_view key, std::string_view rows, const TakeCell& take) {
    const auto begin = CellBegin(key);
    if (!begin) return CellRead::kDamaged;
    const auto view = static_cast<CellView>(key[1]);
    Cell cell;
    cell.begin = *begin;
    Bytes of_key(key.substr(kHeadBytes));
    cell.goal = of_key.Sized();
    for (size_t i = 0; i < kCellFields; ++i) {
        if (Holds(view, static_cast<CellField>(i))) cell.texts[i] = of_key.Sized();
    }
    if (!of_key.sound() || !of_key.ended()) return CellRead::kDamaged;
    while (!rows.empty()) {
        const auto row = NextRow(rows);
        if (!row) return CellRead::kDamaged;
        Bytes of_row(row->id);
        const auto kind = CellKind::Of(static_cast<uint64_t>(of_row.Number()));
        if (!kind) return CellRead::kDamaged;
        cell.kind = *kind;
        cell.currency = of_row.Sized();
        cell.sums = row->sums;
        if (!take(cell)) return CellRead::kEnough;
    }
    return CellRead::kDone;
}

// Both are in the order of their ids, and so is what comes of them.
std::optional<std::string> AddRows(std::string_view one, std::string_view other) {
    std::string rows;
    rows.reserve(one.size() + other.size());
    std::optional<RowBytes> a, b;
    const auto next = [](std::string_view& from, std::optional<RowBytes>& row) {
        if (row || from.empty()) return true;
        row = NextRow(from);
        return row.has_value();
    };
    for (;;) {
        if (!next(one, a) || !next(other, b)) return std::nullopt;
        if (!a && !b) return rows;
        if (a && b && a->id == b->id) {
            a->sums.Add(b->sums);
            b.reset();
        }
        auto& first = !b || (a && a->id < b->id) ? a : b;
        AppendRow(rows, first->id, first->sums);
        first.reset();
    }
}

void CellBatch::Change(const std::optional<Counted>& before, const std::optional<Counted>& after) {
    if (before == after) return;  // a delivery's outcome, as most changes are
    if (before) Add(*before, -1);
    if (after) Add(*after, +1);
}

void CellBatch::Add(const Counted& counted, int sign) {
    for (CellView view : kCellViews) Add(view, counted, sign);
}

void CellBatch::Add(CellView view, const Counted& counted, int sign) {
    // Every conversion makes six: written through a pointer, into room for the largest.
    constexpr size_t kNumberMost = 5;
    size_t most = kHeadBytes + kNumberMost + 2 * kNumberMost;
    most += counted.goal.size() + counted.currency.size();
    for (const auto& text : counted.texts) most += kNumberMost + text.size();
    Row row{.at = bytes_.size(), .key = 0, .all = 0, .sums = {}};
    bytes_.resize(row.at + most);
    char* const begin = bytes_.data() + row.at;
    char* at = begin;
    *at++ = kCellPrefix;
    *at++ = static_cast<char>(view);
    at = PutBegin(at, BeginOfCell(view, counted.at));
    at = PutSized(at, counted.goal);
    for (size_t i = 0; i < kCellFields; ++i) {
        if (Holds(view, static_cast<CellField>(i))) at = PutSized(at, counted.texts[i]);
    }
    row.key = static_cast<uint32_t>(at - begin);
    at = PutNumber(at, static_cast<uint32_t>(counted.kind.Number()));
    at = PutSized(at, counted.currency);
    row.all = static_cast<uint32_t>(at - begin);
    bytes_.resize(row.at + row.all);
    Find(row).sums.Add(counted.sums, sign);
}

// The row that counts the same, or this one, which is new. A batch's conversions fall into few
// cells: what is told apart here is what there is to sort.
CellBatch::Row& CellBatch::Find(const Row& row) {
    if (places_.size() < 2 * (rows_.size() + 1)) Spread();
    const auto all = AllOf(row);
    uint32_t& place = PlaceOf(all);
    if (place == 0) {
        rows_.push_back(row);
        place = static_cast<uint32_t>(rows_.size());
    } else {
        bytes_.resize(row.at);
    }
    return rows_[place - 1];
}

// Where the number of the row with these bytes is, or is to be put.
uint32_t& CellBatch::PlaceOf(std::string_view all) {
    const size_t mask = places_.size() - 1;
    for (size_t at = std::hash<std::string_view>()(all) & mask;; at = (at + 1) & mask) {
        if (places_[at] == 0 || AllOf(rows_[places_[at] - 1]) == all) return places_[at];
    }
}

void CellBatch::Spread() {
    places_.assign(std::bit_ceil(std::max<size_t>(64, 4 * (rows_.size() + 1))), 0);
    for (uint32_t i = 0; i < rows_.size(); ++i) PlaceOf(AllOf(rows_[i])) = i + 1;
}

void CellBatch::Each(const std::function<void(std::string_view, std::string)>& take) {
    struct Place {
        KeyHead head;
        const Row* row;
    };
    std::vector<Place> order;  // the rows themselves are large to move about
    order.reserve(rows_.size());
    for (const auto& row : rows_) order.push_back({KeyHead::Of(KeyOf(row)), &row});
    std::sort(order.begin(), order.end(), [this](const Place& a, const Place& b) {
        if (a.head != b.head) return a.head < b.head;
        const int keys = KeyOf(*a.row).compare(KeyOf(*b.row));
        return keys != 0 ? keys < 0 : AllOf(*a.row) < AllOf(*b.row);
    });
    std::string rows;
    for (size_t i = 0; i < order.size();) {
        const std::string_view key = KeyOf(*order[i].row);
        rows.clear();
        for (; i < order.size() && KeyOf(*order[i].row) == key; ++i) {
            AppendRow(rows, AllOf(*order[i].row).substr(key.size()), order[i].row->sums);
        }
        if (!rows.empty()) take(key, rows);
    }
}

CellSource* CellsOf(Engine& engine) { return dynamic_cast<CellSource*>(&engine); }

}  // namespace barracuda::store
