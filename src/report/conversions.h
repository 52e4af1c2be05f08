// Conversions for the admin: one page of a list, and statistics over everything.
//
// Threads: any, but they read the store and may walk much of it: query threads only, never an io
// thread or the ledger's. What they see is a snapshot a page.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "domain/conversion.h"
#include "report/sums.h"
#include "store/engine.h"

namespace barracuda::report {

struct ConversionQuery {
    std::size_t page = 1, limit = 50;
    std::string goal_type = {}, affiliate = {}, status = {};  // empty: any
    std::string search = {};                                  // beginning of the click id
    std::string sort = "createdAt";                           // IsConversionSort
    bool descending = true;
    std::string cursor = {};  // bytes of ConversionPage::next_cursor; goes before `page`
    std::optional<Time> from = {}, to = {};  // [from, to)
    // ConversionPage::total of an earlier page of this list. By cursor it is not counted anew then.
    std::optional<std::size_t> total = {};

    // Whether the statistics know how many there are.
    bool Summed() const { return search.empty() && !from && !to; }
};

struct ConversionPage {
    std::vector<domain::Conversion> rows;
    // That fit, on this page or another, of the first 200,000 documents of the list. Not where
    // query.Summed(): there ConversionStats::asked is all of them.
    std::size_t total = 0;
    std::string next_cursor;  // empty: nothing follows, or not in the order of creation
};

bool IsConversionSort(std::string_view field);
Result<ConversionPage> SelectConversions(store::Engine& engine, const ConversionQuery& query);

struct Tally {
    int64_t count = 0;
    Sums sums;
};

// From the roll-ups that are kept with the documents: costs the same for any number of them.
struct ConversionStats {
    Tally total, approved, month;  // `month`: the one `now` lies in, UTC
    std::map<std::string, Tally> goal_types, statuses, affiliates;
    int64_t asked = 0;  // of goal type, affiliate and status of a query
};
Result<ConversionStats> ConversionStatsOf(
    store::Engine& engine, Time now, const ConversionQuery& query = {}
);

}  // namespace barracuda::report
