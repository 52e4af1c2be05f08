// AddressGuard: which addresses the program may connect to (server-side request forgery).
//
// It judges the sockaddr handed to connect(), after name resolution, so neither odd spellings
// (2130706433, 0x7f.1, mapped IPv6) nor a name that changes its address gets past it. Everything
// that is not public is refused unless inside a CIDR the operator allowed; unknown families are
// refused, and so is every port but those of the list, where there is one. Immutable after
// construction: any thread.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace barracuda::net {

// An IPv4 or IPv6 address in network order; IPv4 uses the first four bytes. An IPv4-mapped IPv6
// address (::ffff:a.b.c.d) is always held as the IPv4 address it reaches.
struct IpAddress {
    bool v4 = true;
    std::array<uint8_t, 16> bytes{};
};

struct Cidr {
    IpAddress base;
    int bits = 0;  // 0..32 for IPv4, 0..128 for IPv6

    // "10.0.0.0/8", "fd00::/8", or one address without "/". Bits beyond the prefix are ignored.
    static Result<Cidr> Parse(std::string_view text);
    bool Contains(const IpAddress& address) const;
};

// Every one, or the first that is none.
Result<std::vector<Cidr>> ParseRanges(std::span<const std::string> texts);

class AddressGuard {
public:
    explicit AddressGuard(std::vector<Cidr> allowed, std::vector<int> ports = {});
    // What connect() is about to be given.
    bool Allows(const sockaddr* address) const;
    // The peer of a connection that is open already ("203.0.113.9" or "2001:db8::1"): it may have
    // been opened under another guard.
    bool Allows(std::string_view address, int port) const;

private:
    bool Allows(const IpAddress& address, int port) const;

    std::vector<Cidr> allowed_;
    std::vector<int> ports_;  // empty: any
};

}  // namespace barracuda::net
