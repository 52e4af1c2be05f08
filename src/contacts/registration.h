// A contact's registration, taken by the network or not: a chain rule `when = delivered` waits for
// it. A delivery that died and was replayed counts as delivered. Pure.
#pragma once

#include <vector>

#include "domain/contact.h"

namespace barracuda::contacts {

// The registration's notification of the network, if it owes one.
const domain::Delivery* PostbackOf(const domain::Conversion& registration);

// Whether the network has accepted the registration, and nobody has rejected it.
bool IsTaken(const domain::Conversion& registration);

// Whether a flow of this contact may have recorded the conversion: those of a sub1 that a visitor
// brought belong to another contact.
bool IsOfFlow(const domain::Conversion& conversion, const domain::Contact& contact);

// The one that was taken among the conversions that a contact follows; nullptr: none.
const domain::Conversion* TakenRegistration(
    const domain::Contact& contact, const std::vector<domain::Conversion>& conversions
);

// Makes a flow that waits for its registration due now, once it was taken. Its runner looks at it
// from time to time by itself; this is what makes it quick. True when something changed.
bool WakeFlow(
    domain::Contact& contact, const std::vector<domain::Conversion>& conversions, Time now
);

}  // namespace barracuda::contacts
