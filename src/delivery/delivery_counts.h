// How many deliveries a list has: counted by the reading that the list itself is made by.
//
// Threads: pure apart from reading the store; blocks its thread on it, so query threads call it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "delivery/delivery_list.h"

namespace barracuda::delivery {

struct DeliveryCounts {
    struct Network {
        int64_t waiting = 0, dead = 0;
        std::optional<Time> oldest{};  // when the first conversion of these was recorded
    };

    std::map<domain::DeliveryState, int64_t> states{};  // of everything that fits
    std::vector<domain::DeliveryState> at_least{};      // those that were not counted to the end
    std::map<std::string, Network> networks{};          // where something waits or is dead
    std::map<int, int64_t> codes{};                     // last statuses of the filter's state
};

// The counts of the list of `query` in each state, where the query's own is left aside; codes are
// of its own state, without one of the dead. Looks at `looked_max` conversions a state at most, of
// those that are done or cancelled together.
Result<DeliveryCounts> CountDeliveries(
    store::Engine& engine, DeliveryQuery query, size_t looked_max
);

}  // namespace barracuda::delivery
