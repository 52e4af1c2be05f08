// Whether the network took a contact's registration: what a chain rule `when = delivered` waits
// for. A delivery that died and was replayed counts as delivered. Pure.
#pragma once

#include <vector>

#include "domain/contact.h"

namespace barracuda::delivery {

// The registration's notification of the network, if it owes one.
const domain::Delivery* PostbackOf(const domain::Conversion& registration);

bool IsTaken(const domain::Conversion& registration);

// The one that was taken among all conversions of a contact's click; nullptr: none.
const domain::Conversion* TakenRegistration(const std::vector<domain::Conversion>& conversions);

// Makes a flow that waits for its registration due now, once it was taken. Its runner looks at it
// from time to time by itself; this is what makes it quick. True when something changed.
bool WakeFlow(
    domain::Contact& contact, const std::vector<domain::Conversion>& conversions, Time now
);

}  // namespace barracuda::delivery
