// How the rows of a filter are read: by an index or the primary key's seek, and which of these is
// chosen.
//
//     auto plan = PlanOf(engine, WaysOf(filter, "createdAt", true), "createdAt", 10'000);
//     auto page = ReadWay(engine, plan->way, place, 500);   // its cursor is the next `place`
//
// A part of the filter that no index serves is held against it document by document: these are read
// by an index that serves the rest, at worst in the order of creation.
//
// Threads: any that may read the store, which PlanOf, ReadWay and CountWay do. Errors: the store's.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/contacts.h"
#include "report/filter.h"
#include "store/engine.h"

namespace barracuda::report {

struct Way {
    char id = 0;                            // of its index; 0: the primary key
    std::vector<store::ScanRequest> parts;  // one behind the other
    std::string_view order;                 // createdAt, updatedAt or click_id; else empty
    bool covers = false;                    // gives nothing that the filter does not ask for
    bool whole = false;                     // gives everything there is
    // Whether an earlier part gives this document of the nth one; empty: no two give the same.
    std::function<bool(size_t part, const std::string& document)> given_before = {};
};

// All that a filter offers, those that likely give less before the others.
std::vector<Way> WaysOf(const Filter& filter, std::string_view sort, bool descending);
std::vector<Way> WaysOf(const ContactFilter& filter, std::string_view sort, bool descending);
// nullopt: the filter offers no such way.
std::optional<Way> WayNamed(std::vector<Way> ways, char id);

struct Plan {
    Way way;
    bool in_order = true;  // else what it gives is gathered and sorted
    // What was counted for it, by the ids of the ways; more than `gathered_max` is at least so
    // many.
    std::map<char, size_t> counts = {};
};

// Where some way gives at most `gathered_max` the one that gives least, for that many can be
// sorted; else one that has the list's order; else what gives less.
Result<Plan> PlanOf(
    store::Engine& engine, std::vector<Way> ways, std::string_view sort, size_t gathered_max
);

// One page of a way; empty `place`: its beginning. A page may be short of `limit` and go on.
Result<store::Page> ReadWay(
    store::Engine& engine, const Way& way, std::string_view place, size_t limit
);

// How many it gives, counted up to `most`.
Result<size_t> CountWay(store::Engine& engine, const Way& way, size_t most);

// Tells a list's cursors from those of a list with another order or another filter, whose periods
// alone may move on between two pages.
std::string MarkOf(const Filter& filter, std::string_view sort, bool descending);
std::string MarkOf(const ContactFilter& filter, std::string_view sort, bool descending);

}  // namespace barracuda::report
