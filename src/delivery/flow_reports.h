// The two conversions that a flow reports. Pure.
#pragma once

#include "delivery/flow.h"

namespace barracuda::delivery {

domain::Report RegistrationOf(const domain::Contact& contact, const FlowOptions& options);
domain::Report DepositOf(const domain::Contact& contact, const FlowOptions& options);
// What the offer call carries.
Parameters ClickCallOf(const domain::Contact& contact, const FlowOptions& options);

}  // namespace barracuda::delivery
