// QueueKey: which queue a delivery waits in. The private API of a network is a service of its own,
// mostly of another host: one that hangs must not hold up the other.
//
// A plain value: any thread.
#pragma once

#include <compare>
#include <string>

#include "domain/conversion.h"

namespace barracuda::delivery {

struct QueueKey {
    NetworkName network;
    bool private_api = false;

    static QueueKey Of(const domain::Delivery& delivery) {
        return {delivery.network, delivery.kind == domain::kPrivateApi};
    }
    // "NETWORK" or "NETWORK:private_api", as metrics, the log and the admin API name it. No
    // network's name has a colon.
    std::string Text() const {
        return private_api ? network.value + ":" + domain::kPrivateApi : network.value;
    }

    friend auto operator<=>(const QueueKey&, const QueueKey&) = default;
};

}  // namespace barracuda::delivery
