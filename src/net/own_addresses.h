// The addresses of this machine: what is behind its own firewall although the address is public.
//
// Threads: any. The interfaces are asked at most every kOwnAddressesFor, as they come and go.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "base/cidr.h"

namespace barracuda::net {

inline constexpr std::chrono::seconds kOwnAddressesFor{5};

// Each address of an interface; of IPv6 the whole network behind it, as every machine of a house
// has a public address there. Where the system does not say: none.
std::shared_ptr<const std::vector<Cidr>> OwnAddresses();

}  // namespace barracuda::net
