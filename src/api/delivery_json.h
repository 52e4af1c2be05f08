// Deliveries in queries and answers of the admin API.
#pragma once

#include "api/list_input.h"
#include "api/respond.h"
#include "delivery/delivery_list.h"

namespace barracuda::api {

inline const Words kDeliveryKinds = {
    domain::kGoalPostback, domain::kPrivateApi, "postback", domain::kUpdateKind};

JsonObject DeliveryRowJson(const delivery::DeliveryRow& row);

// network, kind, goal_id, affiliate_id, click_id, code, from, to; the state is read by who needs
// it.
delivery::DeliveryFilter ReadDeliveryFilter(Reader& reader);

}  // namespace barracuda::api
