// The attempts that IrevApi makes, one function a kind. Each runs inside net::Client::Step() and
// calls the order's `done` exactly once, also where no call is made. Internal to irev_api.cc.
//
// Threads: any. The client must outlive every attempt; `attempt_timeout` bounds each as a whole.
#pragma once

#include <memory>
#include <string>

#include "delivery/creations.h"
#include "delivery/irev_settings.h"
#include "net/client.h"

namespace barracuda::delivery {

void StartGoalPostback(net::Client& client, IrevOrder order);
void StartClick(net::Client& client, IrevOrder order);
// `creations` sends what the look-up does not find.
void StartConversion(net::Client& client, std::shared_ptr<Creations> creations, IrevOrder order);

// The address that StartClick calls first; empty without a base_url, or with an offer id that no
// path can carry.
std::string OfferUrlOf(
    const IrevSettings& settings, const DeliveryId& delivery_id, const Parameters& parameters
);
// Which setting of the private API is missing; empty: none.
std::string ProblemOfPrivateApi(const IrevSettings& settings);

}  // namespace barracuda::delivery
