#include "delivery/delivery_counts.h"

#include <algorithm>

#include "base/check.h"

namespace barracuda::delivery {

using domain::DeliveryState;

namespace {

constexpr size_t kPage = 500;

// Rows of the query from its beginning; -> whether all were visited.
template <typename Visit>
Result<bool> EachRow(store::Engine& engine, DeliveryQuery query, size_t looked_max, Visit visit) {
    query.cursor.clear();
    query.limit = query.scanned_max = std::min(kPage, looked_max);
    for (size_t looked = 0; looked < looked_max; looked += query.scanned_max) {
        auto page = ListDeliveries(engine, query);
        if (!page) return Fail(page.error());
        for (const auto& row : page->rows) visit(row);
        query.cursor = page->cursor;
        if (query.cursor.empty()) return true;
    }
    return false;
}

class Counting {
public:
    Counting(DeliveryState coded, DeliveryCounts& to) : coded_(coded), to_(to) {}

    void Add(const DeliveryRow& row) {
        const auto& one = row.delivery();
        ++to_.states[one.state];
        if (one.state == coded_) ++to_.codes[one.status];
        const bool dead = one.state == DeliveryState::kDead;
        if (!dead && one.state != DeliveryState::kWaiting) return;
        auto& network = to_.networks[one.network.value];
        ++(dead ? network.dead : network.waiting);
        const Time recorded = row.conversion.created;
        network.oldest = std::min(network.oldest.value_or(recorded), recorded);
    }

private:
    const DeliveryState coded_;
    DeliveryCounts& to_;
};

}  // namespace

Result<DeliveryCounts> CountDeliveries(
    store::Engine& engine, DeliveryQuery query, size_t looked_max
) {
    BARRACUDA_CHECK(looked_max > 0);
    DeliveryCounts counts;
    Counting counting(query.filter.state.value_or(DeliveryState::kDead), counts);
    for (auto state : {DeliveryState::kWaiting, DeliveryState::kDead}) {
        query.filter.state = state;
        counts.states[state] = 0;
        auto all = EachRow(engine, query, looked_max, [&](const auto& row) { counting.Add(row); });
        if (!all) return Fail(all.error());
        if (!*all) counts.at_least.push_back(state);
    }
    // No index has these alone: one walk for both.
    constexpr DeliveryState kEnded[] = {DeliveryState::kDone, DeliveryState::kCancelled};
    for (auto state : kEnded) counts.states[state] = 0;
    query.filter.state.reset();
    auto all = EachRow(engine, query, looked_max, [&](const auto& row) {
        const auto state = row.delivery().state;
        if (std::find(std::begin(kEnded), std::end(kEnded), state) != std::end(kEnded)) {
            counting.Add(row);
        }
    });
    if (!all) return Fail(all.error());
    if (!*all) counts.at_least.insert(counts.at_least.end(), std::begin(kEnded), std::end(kEnded));
    return counts;
}

}  // namespace barracuda::delivery
