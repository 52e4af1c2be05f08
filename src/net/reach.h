// Reach: the addresses a host's name resolves to, which of them the guard lets through and, when
// asked, whether something listens there. For configuration, not for calls.
//
// Blocks on name resolution and connects: never on an io thread, nor on the ledger's.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/address_guard.h"

namespace barracuda::net {

struct ReachedAddress {
    std::string address{};   // "203.0.113.9:443", "[2001:db8::1]:443"
    bool allowed = false;    // by the guard
    bool connected = false;  // only where a connect was asked for
    std::string error{};     // why not
};

inline constexpr std::chrono::seconds kLookUpTime{5};  // for one name
inline constexpr size_t kLookUpsMax = 8;               // under way at a time
inline constexpr size_t kReachedAddressesMax = 8;

// At most kReachedAddressesMax of the addresses of `host` (a name, or an address without brackets).
// With `connect_timeout` each allowed one is connected to, one after another, until the first that
// answers. kInvalid: the name does not resolve, or not within kLookUpTime. kUnavailable: so many
// look-ups hang already.
Result<std::vector<ReachedAddress>> Reach(
    const std::string& host,
    int port,
    const AddressGuard& guard,
    std::optional<std::chrono::milliseconds> connect_timeout
);

}  // namespace barracuda::net
