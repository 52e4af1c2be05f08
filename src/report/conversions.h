// Conversions for the admin: one page of a list, and statistics over everything.
//
// Threads: any, but they read the store and may walk much of it: query threads only, never an io
// thread or the ledger's. Each page is of one snapshot. Errors: the store's, and those named.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "domain/conversion.h"
#include "report/filter.h"
#include "report/sums.h"
#include "store/engine.h"

namespace barracuda::report {

// How many there are; not `exact`: at least so many, as not everything was looked at.
struct Total {
    size_t count = 0;
    bool exact = true;
};

struct Tally {
    int64_t count = 0;
    Sums sums;
    bool operator==(const Tally&) const = default;
};

// Of what fits a filter.
struct Fitting {
    Total total = {};
    // Set where all of it was looked at, or is in the roll-ups.
    std::optional<std::map<std::string, Tally>> statuses = {};
};

struct ConversionQuery {
    Filter filter = {};
    std::size_t page = 1, limit = 50;
    std::string sort = "createdAt";  // IsConversionSort
    bool descending = true;
    std::string cursor = {};  // bytes of ConversionPage::next_cursor; goes before `page`
    // The conversions that fit, where they are counted already: ConversionStats::asked of a query
    // that is Summed(), or the total that an earlier page of this list said. Else it is counted.
    std::optional<Fitting> fitting = {};

    // Bounds, in documents: looked at for a page; sorted where they are all that a way gives;
    // looked at for what fits; counted in an index.
    size_t looked_max = 200'000, gathered_max = 10'000, tallied_max = 5'000, counted_max = 50'000;

    // Whether the statistics know what fits: they go by whole months.
    bool Summed() const;
};

struct ConversionPage {
    std::vector<domain::Conversion> rows = {};
    Fitting fitting = {};
    // False: rows that belong here may be missing, or the total is not exact. `next_cursor` goes on
    // behind what was looked at.
    bool complete = true;
    std::string next_cursor = {};  // empty: nothing follows
};

bool IsConversionSort(std::string_view field);

// By an index in the list's order, or by click id, a page is walked to. Where a filter leaves at
// most `gathered_max`, these are gathered and sorted whole; else what is in another order is sorted
// in blocks of `looked_max` documents, each in order by itself and the next one by cursor. Errors:
// kInvalid names `cursor`, or `page` where it lies beyond what is looked at.
Result<ConversionPage> SelectConversions(store::Engine& engine, const ConversionQuery& query);

// From the roll-ups that are kept with the documents: costs the same for any number of them.
struct ConversionStats {
    Tally total, approved, month;  // `month`: the one `now` lies in, UTC
    std::map<std::string, Tally> goal_types, statuses, affiliates;
    std::map<std::string, Tally> asked;  // that fit a query, by status, if it is Summed()
    int64_t Asked() const;               // how many
};
Result<ConversionStats> ConversionStatsOf(
    store::Engine& engine, Time now, const ConversionQuery& query = {}
);

}  // namespace barracuda::report
