// Reports: conversions counted by up to three groupings over a period, in a zone's days, beside an
// earlier period. From cells (store/cells.h) alone, so that a number is the sum of its documents.
//
//     GroupedQuery query{.from = from, .to = to, .groups = {Group::kDay, Group::kGoal}};
//     auto report = ReportOf(*store::CellsOf(engine), query);
//
// Threads: any; reads much of the store, so query threads only.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "report/filter.h"
#include "report/sums.h"
#include "report/zone.h"
#include "store/cells.h"

namespace barracuda::report {

enum class Group { kDay, kGoal, kAffiliate, kOffer, kCountry, kSource, kStatus };
inline constexpr Group kGroups[] = {
    Group::kDay,
    Group::kGoal,
    Group::kAffiliate,
    Group::kOffer,
    Group::kCountry,
    Group::kSource,
    Group::kStatus};
const char* NameOf(Group group);
std::optional<Group> GroupNamed(std::string_view name);

struct Measures {
    int64_t conversions = 0, registrations = 0;
    int64_t ftds = 0;  // deposits that are not rejected, of goals that count once a click
    int64_t approved = 0, pending = 0, rejected = 0;
    Sums amount, payout, revenue;

    void Add(const store::Cell& cell);
    void Add(const Measures& other);
    bool operator==(const Measures&) const = default;
};

// The counts of Measures, for who names or lists them.
struct Count {
    const char* name;
    int64_t Measures::*value;
};
inline constexpr Count kCounts[] = {
    {"conversions", &Measures::conversions},
    {"registrations", &Measures::registrations},
    {"ftds", &Measures::ftds},
    {"approved", &Measures::approved},
    {"pending", &Measures::pending},
    {"rejected", &Measures::rejected}};

enum class Compare { kNone, kPrevious, kYear };

struct GroupedQuery {
    Filter filter = {};       // AnswerableBy() is nullopt
    Time from = {}, to = {};  // [from, to), both on a quarter of an hour
    Zone zone = {};           // whose days are meant
    std::vector<Group> groups = {};
    Compare compare = Compare::kNone;
    bool changed = false;  // by the last change: of ChangedCells; else by creation
    // A count's name, a group's name, or a currency, whose amount it is.
    std::string sort = "conversions";
    bool descending = true;
    size_t limit = 50;
    // Bounds: of what is gathered before `limit` cuts it, and of the time.
    size_t rows_max = 100'000;
    std::chrono::milliseconds time_max{20'000};
};

struct ReportRow {
    std::vector<std::string> keys;  // as `groups` are; a day as 2026-01-31
    Measures now, before;
    bool operator==(const ReportRow&) const = default;
};

struct Report {
    std::vector<ReportRow> rows;
    ReportRow rest, total;  // without keys; `rest`: what `limit` leaves out
    size_t rest_rows = 0;
    Time as_of;  // up to when what was recorded and changed is in it
};

// The name of a filter that cells do not know, or nullopt.
std::optional<std::string> UnansweredIn(const Filter& filter);

struct Period {
    Time from, to;  // [from, to)
};
// The period that `query` is compared with: as many of the zone's days right before it, or the same
// dates of the year before.
Period BeforeOf(const GroupedQuery& query);

// The report that `query` asks for. In a comparison the nth day stands beside the nth. Errors:
// kInvalid names `group` where there are more than `rows_max` rows; kUnavailable where it takes too
// long, or cells are being built.
Result<Report> ReportOf(store::CellSource& cells, const GroupedQuery& query);

}  // namespace barracuda::report
