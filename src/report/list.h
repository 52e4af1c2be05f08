// What every list of the admin has in common: what is asked, what a page holds, and what is known
// of all that fits. Which rows fit is the filter's (filter.h, contacts.h); how a page is read:
// list_pages.h.
//
// Plain values; no thread contract.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "report/sums.h"

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

template <typename FilterType>
struct ListQuery {
    FilterType filter = {};
    std::size_t page = 1, limit = 50;
    std::string sort = "createdAt";
    bool descending = true;
    std::string cursor = {};  // bytes of ListPage::next_cursor; goes before `page`
    // What fits, where it is known: of the statistics where the query is Summed(), or the total
    // that an earlier page of this list said. Else it is counted.
    std::optional<Fitting> fitting = {};

    // Bounds, in documents: looked at for a page; sorted where they are all that a way gives;
    // looked at for what fits; counted in an index.
    size_t looked_max = 200'000, gathered_max = 10'000, tallied_max = 5'000, counted_max = 50'000;

    // Whether the statistics know what fits: they go by whole months.
    bool Summed() const { return IsSummed(filter); }
};

template <typename Row>
struct ListPage {
    std::vector<Row> rows = {};
    Fitting fitting = {};
    // False: rows that belong here may be missing, or the total is not exact. `next_cursor` goes on
    // behind what was looked at.
    bool complete = true;
    std::string next_cursor = {};  // empty: nothing follows
};

}  // namespace barracuda::report
