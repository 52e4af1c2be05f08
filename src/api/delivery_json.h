// Deliveries in queries and answers of the admin API.
//
// Threads: any; nothing is kept.
#pragma once

#include "api/list_input.h"
#include "api/respond.h"
#include "delivery/delivery_list.h"

namespace barracuda::api {

inline const Words kDeliveryKinds = {
    domain::kGoalPostback, domain::kPrivateApi, "postback", domain::kUpdateKind};

// The delivery with its conversion's ids; the network's own words are in it.
JsonObject DeliveryRowJson(const delivery::DeliveryRow& row);

// Reads network, kind, goal_id, affiliate_id, click_id, code, from and to; the state is left to the
// caller. A wrong value is refused in the reader, by name.
delivery::DeliveryFilter ReadDeliveryFilter(Reader& reader);

}  // namespace barracuda::api
