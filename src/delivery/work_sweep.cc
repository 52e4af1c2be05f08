#include "delivery/work_sweep.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace barracuda::delivery {

Result<WorkSweep::Page> WorkSweep::Next(
    const NodeId& owner, Time until, size_t limit, std::optional<Time> start
) {
    BARRACUDA_CHECK(limit > 0);  // or no round would end
    Place& place = places_[owner];
    const bool first = !place.due;
    if (first) place.due = start;
    store::WorkQuery query{.until = until, .owners = {{owner}}, .from = place.due};
    // Those of the same moment that were given come again, and are passed over.
    query.limit = limit + place.given.size();
    auto items = engine_.Work(query);
    if (!items) return Fail(items.error());
    Page page{.items = {}, .first = first, .ended = items->size() < query.limit};
    for (auto& item : *items) {
        if (!place.due || item.due != *place.due) {
            place.due = item.due;
            place.given.clear();
        }
        if (place.given.insert(item.ref).second) page.items.push_back(std::move(item));
    }
    if (page.ended) place = {};
    return page;
}

void WorkSweep::Keep(const std::vector<NodeId>& owners) {
    std::erase_if(places_, [&](const auto& place) {
        return std::find(owners.begin(), owners.end(), place.first) == owners.end();
    });
}

}  // namespace barracuda::delivery
