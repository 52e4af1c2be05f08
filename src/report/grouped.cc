#include "report/grouped.h"

#include <algorithm>
#include <chrono>
#include <unordered_map>

#include "base/check.h"

namespace barracuda::report {

using store::Cell;
using store::CellField;
using store::CellView;

namespace {

constexpr int64_t kDayMs = store::kCellDayMs;

int64_t Floor(int64_t value, int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

int64_t LocalMs(const Zone& zone, Time at) { return at.ms + zone.OffsetSeconds(at) * 1000LL; }
int64_t LocalDay(const Zone& zone, Time at) { return Floor(LocalMs(zone, at), kDayMs); }

std::optional<CellField> FieldOf(Group group) {
    switch (group) {
        case Group::kAffiliate:
            return CellField::kAffiliate;
        case Group::kOffer:
            return CellField::kOffer;
        case Group::kCountry:
            return CellField::kCountry;
        case Group::kSource:
            return CellField::kSource;
        default:
            return std::nullopt;
    }
}

// A filter as cells are held against it.
class CellFilter {
public:
    explicit CellFilter(const Filter& filter) : filter_(filter), goals_(Cut(filter.goals)) {
        texts_ = {
            Cut(filter.affiliates), Cut(filter.offers), Cut(filter.countries), Cut(filter.sources)};
        currencies_ = Cut(filter.currencies);
    }

    bool Asks(CellField field) const { return !texts_[static_cast<size_t>(field)].empty(); }
    bool Fits(const Cell& cell) const {
        for (size_t i = 0; i < texts_.size(); ++i) {
            if (!AnyOf(texts_[i], cell.texts[i])) return false;
        }
        return AnyOf(goals_, cell.goal) && AnyOf(currencies_, cell.currency) &&
               AnyOf(filter_.goal_types, cell.kind.type) &&
               AnyOf(filter_.statuses, cell.kind.status) &&
               AnyOf(filter_.provenances, cell.kind.provenance);
    }

private:
    static Filter::Texts Cut(Filter::Texts texts) {
        for (auto& text : texts) text = store::CellText(std::move(text));
        return texts;
    }
    template <typename List, typename Value>
    static bool AnyOf(const List& list, const Value& value) {
        return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
    }

    const Filter& filter_;
    Filter::Texts goals_, currencies_;
    std::array<Filter::Texts, store::kCellFields> texts_;
};

// Rows by what they are grouped by, of one period and then of the one before it.
class Gathering {
public:
    explicit Gathering(const GroupedQuery& query) : query_(query) {}

    // `days_later`: by how many days the days of this period are told later.
    void Begin(Measures ReportRow::*into, int64_t days_later) {
        into_ = into;
        days_later_ = days_later;
        last_ = nullptr;
        begin_.reset();
    }
    bool Take(const Cell& cell) {
        key_.clear();
        for (Group group : query_.groups) AppendKey(group, cell);
        if (!last_ || key_ != last_key_) {
            auto at = rows_.find(key_);
            if (at == rows_.end()) {
                if (rows_.size() >= query_.rows_max) return false;
                at = rows_.try_emplace(key_).first;
            }
            last_ = &at->second;
            last_key_ = key_;
        }
        (last_->*into_).Add(cell);
        return true;
    }
    std::vector<ReportRow> Rows() {
        std::vector<ReportRow> rows;
        rows.reserve(rows_.size());
        for (auto& [key, row] : rows_) {
            row.keys = KeysIn(key);
            rows.push_back(std::move(row));
        }
        return rows;
    }

private:
    static constexpr size_t kSizeBytes = 2;  // of a key's size before it

    void AppendKey(Group group, const Cell& cell) {
        if (group == Group::kDay) {
            if (begin_ != cell.begin) {
                begin_ = cell.begin;
                const int64_t day = LocalDay(query_.zone, cell.begin) + days_later_;
                day_ = Time{day * kDayMs}.Iso().substr(0, 10);
            }
            return Append(day_);
        }
        if (group == Group::kGoal) return Append(cell.goal);
        if (group == Group::kStatus) return Append(domain::NameOf(cell.kind.status));
        Append(cell.texts[static_cast<size_t>(*FieldOf(group))]);
    }
    void Append(std::string_view text) {  // a cell's texts are short (CellText)
        key_.push_back(static_cast<char>(text.size() & 0xff));
        key_.push_back(static_cast<char>(text.size() >> 8));
        key_.append(text);
    }
    static std::vector<std::string> KeysIn(std::string_view key) {
        std::vector<std::string> keys;
        while (key.size() >= kSizeBytes) {
            const size_t size = static_cast<unsigned char>(key[0]) |
                                size_t{static_cast<unsigned char>(key[1])} << 8;
            keys.emplace_back(key.substr(kSizeBytes, size));
            key.remove_prefix(kSizeBytes + keys.back().size());
        }
        return keys;
    }

    const GroupedQuery& query_;
    Measures ReportRow::*into_ = &ReportRow::now;
    int64_t days_later_ = 0;
    std::unordered_map<std::string, ReportRow> rows_;
    std::string key_, last_key_, day_;
    ReportRow* last_ = nullptr;
    std::optional<Time> begin_;
};

// Which view answers, and over which parts of a period another one: those of a day have whole days
// in UTC alone.
struct Part {
    CellView view;
    Time from, to;
};
std::vector<Part> PartsOf(const GroupedQuery& query, const CellFilter& filter, Period period) {
    std::vector<CellField> fields;
    for (Group group : kGroups) {
        const auto field = FieldOf(group);
        if (!field) continue;
        const auto& asked = query.groups;
        const bool grouped = std::find(asked.begin(), asked.end(), group) != asked.end();
        if (grouped || filter.Asks(*field)) fields.push_back(*field);
    }
    if (fields.empty()) return {{CellView::kTime, period.from, period.to}};
    const std::vector<Part> whole = {{CellView::kAll, period.from, period.to}};
    const auto& groups = query.groups;
    const bool by_day = std::find(groups.begin(), groups.end(), Group::kDay) != groups.end();
    if (fields.size() > 1 || (by_day && !query.zone.IsUtc())) return whole;
    const auto view = static_cast<CellView>(
        static_cast<int>(CellView::kAffiliate) + static_cast<int>(fields.front())
    );
    const Time first{Floor(period.from.ms + kDayMs - 1, kDayMs) * kDayMs};
    const Time last{Floor(period.to.ms, kDayMs) * kDayMs};
    if (last <= first) return whole;
    std::vector<Part> parts = {
        {CellView::kAll, period.from, first},
        {view, first, last},
        {CellView::kAll, last, period.to}};
    std::erase_if(parts, [](const Part& part) { return part.from == part.to; });
    return parts;
}

class Reading {
public:
    Reading(store::CellSource& cells, const GroupedQuery& query)
        : cells_(cells),
          query_(query),
          filter_(query.filter),
          gathering_(query),
          until_(std::chrono::steady_clock::now() + query.time_max) {}

    Result<bool> Read(Period period, Measures ReportRow::*into, int64_t days_later) {
        gathering_.Begin(into, days_later);
        for (const auto& part : PartsOf(query_, filter_, period)) {
            auto read = cells_.ReadCells(part.view, part.from, part.to, [this](const Cell& cell) {
                return Take(cell);
            });
            if (!read) return read;
            if (late_) {
                return Fail(
                    ErrorCode::kUnavailable,
                    "the report takes too long: ask for a shorter period or fewer groups"
                );
            }
            if (full_) {
                return Fail(
                    ErrorCode::kInvalid,
                    "makes more than " + std::to_string(query_.rows_max) + " rows",
                    "group"
                );
            }
        }
        return true;
    }
    std::vector<ReportRow> Rows() { return gathering_.Rows(); }

private:
    bool Take(const Cell& cell) {
        constexpr size_t kLookEvery = 4'096;
        if (++cells_read_ % kLookEvery == 0 && std::chrono::steady_clock::now() > until_) {
            late_ = true;
        }
        if (!late_ && filter_.Fits(cell)) full_ = !gathering_.Take(cell);
        return !late_ && !full_;
    }

    store::CellSource& cells_;
    const GroupedQuery& query_;
    const CellFilter filter_;
    Gathering gathering_;
    const std::chrono::steady_clock::time_point until_;
    size_t cells_read_ = 0;
    bool late_ = false, full_ = false;
};

// What rows are sorted by.
class Order {
public:
    explicit Order(const GroupedQuery& query) : query_(query) {
        for (const auto& count : kCounts) {
            if (query.sort == count.name) count_ = count.value;
        }
        const auto group = GroupNamed(query.sort);
        const auto at = std::find(query.groups.begin(), query.groups.end(), group);
        if (group && at != query.groups.end()) key_ = at - query.groups.begin();
    }

    // Equal ones by their keys, always upwards.
    bool operator()(const ReportRow& a, const ReportRow& b) const {
        const int order = Compared(a, b);
        if (order != 0) return query_.descending ? order > 0 : order < 0;
        return a.keys < b.keys;
    }

private:
    int Compared(const ReportRow& a, const ReportRow& b) const {
        const auto of = [](auto x, auto y) { return x < y ? -1 : y < x ? 1 : 0; };
        if (key_) {
            const auto key = static_cast<size_t>(*key_);
            return a.keys[key].compare(b.keys[key]);
        }
        if (count_) return of(a.now.*count_, b.now.*count_);
        return of(a.now.amount.Of(query_.sort), b.now.amount.Of(query_.sort));
    }

    const GroupedQuery& query_;
    int64_t Measures::*count_ = nullptr;
    std::optional<std::ptrdiff_t> key_;
};

void AddRow(ReportRow& to, const ReportRow& row) {
    to.now.Add(row.now);
    to.before.Add(row.before);
}

// The same local time a year before; 29 February is 1 March there.
Time YearBefore(const Zone& zone, Time at) {
    namespace chrono = std::chrono;
    const int64_t local = LocalMs(zone, at), day = Floor(local, kDayMs);
    const chrono::year_month_day date{chrono::sys_days(chrono::days(day))};
    auto then = date - chrono::years(1);
    if (!then.ok()) then = then.year() / chrono::March / 1;
    const int64_t day_then = chrono::sys_days(then).time_since_epoch().count();
    return zone.At(day_then * kDayMs + local - day * kDayMs);
}

}  // namespace

const char* NameOf(Group group) {
    static constexpr const char* kNames[] = {
        "day", "goal", "affiliate_id", "offer_id", "country", "source", "status"};
    return kNames[static_cast<size_t>(group)];
}

std::optional<Group> GroupNamed(std::string_view name) {
    for (Group group : kGroups) {
        if (name == NameOf(group)) return group;
    }
    return std::nullopt;
}

void Measures::Add(const Cell& cell) {
    const auto& [type, status, provenance, again] = cell.kind;
    const int64_t count = cell.sums.count;
    conversions += count;
    if (type == domain::GoalType::kRegistration) registrations += count;
    const bool rejects = status == domain::Status::kRejected;
    if (type == domain::GoalType::kDeposit && !again && !rejects) ftds += count;
    if (status == domain::Status::kApproved) approved += count;
    if (status == domain::Status::kPending) pending += count;
    if (rejects) rejected += count;
    amount.Add(cell.currency, cell.sums.money[0]);
    payout.Add(cell.currency, cell.sums.money[1]);
    revenue.Add(cell.currency, cell.sums.money[2]);
}

void Measures::Add(const Measures& other) {
    for (const auto& count : kCounts) this->*count.value += other.*count.value;
    amount.Add(other.amount);
    payout.Add(other.payout);
    revenue.Add(other.revenue);
}

std::optional<std::string> UnansweredIn(const Filter& f) {
    if (!f.clicks.empty()) return "click_id";
    if (!f.click_prefix.empty()) return "search";
    if (!f.transactions.empty()) return "transaction_id";
    if (!f.networks.empty()) return "network";
    if (!f.delivery_states.empty()) return "delivery_state";
    if (f.least) return "min_amount";
    if (f.most) return "max_amount";
    if (f.changed_from) return "updated_from";
    if (f.changed_to) return "updated_to";
    if (f.test.value_or(false)) return "is_test";
    return std::nullopt;
}

Period BeforeOf(const GroupedQuery& query) {
    const Zone& zone = query.zone;
    if (query.compare == Compare::kYear) {
        return {YearBefore(zone, query.from), YearBefore(zone, query.to)};
    }
    const int64_t first = LocalDay(zone, query.from), last = LocalDay(zone, query.to);
    const bool days = zone.At(first * kDayMs) == query.from && zone.At(last * kDayMs) == query.to;
    const int64_t before = query.from.ms - (query.to.ms - query.from.ms);
    return {days ? zone.At((2 * first - last) * kDayMs) : Time{before}, query.from};
}

Result<Report> ReportOf(store::CellSource& cells, const GroupedQuery& query) {
    // What is read from somebody was refused before (api/admin_reports.cc).
    BARRACUDA_CHECK(query.from < query.to && !query.groups.empty() && query.rows_max > 0);
    Report report;
    auto as_of = cells.CellsAsOf(Time::Now());
    if (!as_of) return Fail(as_of.error());
    report.as_of = *as_of;
    Reading reading(cells, query);
    auto read = reading.Read({query.from, query.to}, &ReportRow::now, 0);
    if (!read) return Fail(read.error());
    if (query.compare != Compare::kNone) {
        const Period before = BeforeOf(query);
        const int64_t later = LocalDay(query.zone, query.from) - LocalDay(query.zone, before.from);
        read = reading.Read(before, &ReportRow::before, later);
        if (!read) return Fail(read.error());
    }
    report.rows = reading.Rows();
    // What came and went again, or was taken back whole.
    std::erase_if(report.rows, [](const ReportRow& row) {
        return row.now == Measures() && row.before == Measures();
    });
    std::sort(report.rows.begin(), report.rows.end(), Order(query));
    for (const auto& row : report.rows) AddRow(report.total, row);
    const size_t shown = std::min(query.limit, report.rows.size());
    for (size_t i = shown; i < report.rows.size(); ++i) AddRow(report.rest, report.rows[i]);
    BARRACUDA_CHECK(shown <= report.rows.size());
    report.rest_rows = report.rows.size() - shown;
    report.rows.resize(shown);
    return report;
}

}  // namespace barracuda::report
