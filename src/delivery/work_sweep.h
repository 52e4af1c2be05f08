// WorkSweep: goes through the due conversions of owners page by page, and remembers its place, so
// that what cannot be sent just now (its network is down) does not stand in front of the rest, and
// the deletion marks of what is done are not walked over again for every page.
//
//     auto page = sweep.Next("boot", now, 256);   // and again; after page->ended from the start
//     sweep.Next("boot", now, 256, since);        // a round that begins with what was due then
//
// A document that becomes due before the place it has reached is found by the next round. Errors:
// the store's. Threads: one.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/engine.h"

namespace barracuda::delivery {

class WorkSweep {
public:
    explicit WorkSweep(store::Engine& engine) : engine_(engine) {}

    struct Page {
        std::vector<store::WorkItem> items;
        bool first = false;  // of a round
        bool ended = false;  // nothing due follows
    };
    // At most about `limit` items of this owner that are due by `until`. A new round begins at
    // `start`, without one at the oldest.
    Result<Page> Next(
        const NodeId& owner, Time until, size_t limit, std::optional<Time> start = {}
    );

    // Forgets the places of owners that are not among these.
    void Keep(const std::vector<NodeId>& owners);

private:
    struct Place {
        std::optional<Time> due;     // of the last item given; nullopt: the start
        std::set<store::Ref> given;  // those of that moment
    };
    store::Engine& engine_;
    std::map<NodeId, Place> places_;
};

}  // namespace barracuda::delivery
