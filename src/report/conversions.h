// Conversions for the admin: one page of a list, and statistics over everything.
//
// Threads: any, but they read the store and may walk much of it: query threads only, never an io
// thread or the ledger's. Each page is of one snapshot. Errors: the store's, and those named.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "domain/conversion.h"
#include "report/filter.h"
#include "report/list.h"
#include "store/engine.h"

namespace barracuda::report {

// Whether the statistics know what fits: they go by whole months.
bool IsSummed(const Filter& filter);

using ConversionQuery = ListQuery<Filter>;
using ConversionPage = ListPage<domain::Conversion>;

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
