// Addresses and address ranges (CIDR), IPv4 and IPv6 in one form.
//
// IPv4 is kept as IPv4-mapped IPv6 (::ffff:a.b.c.d), so one address has one form however a peer, a
// header or a socket spelt it. A range holds addresses of its own family only: ::/0 is all of IPv6
// and nothing of IPv4. Values only: usable from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace barracuda {

struct Address {
    std::array<uint8_t, 16> bytes{};

    // From network order, as sockets hold them.
    static Address OfV4(const uint8_t* four_bytes);
    static Address OfV6(const uint8_t* sixteen_bytes);

    bool IsV4() const;
    std::string Text() const;  // canonical: "10.0.0.1", "2001:db8::1"
    bool operator==(const Address&) const = default;
};

// "10.0.0.1", "2001:db8::1"; no brackets, port, zone or blanks.
std::optional<Address> ParseAddress(std::string_view text);

struct Cidr {
    Address base;
    int prefix = 128;  // bits of the 128-bit form

    // "10.0.0.0/8", "2001:db8::/32"; a bare address means itself only. Host bits are ignored.
    // kInvalid, naming the text.
    static Result<Cidr> Parse(std::string_view text);
    bool Contains(const Address& address) const;
    bool Contains(const Cidr& other) const {
        return prefix <= other.prefix && Contains(other.base);
    }
};

// All of `texts` as ranges; kInvalid, naming the first that is no range.
Result<std::vector<Cidr>> ParseRanges(std::span<const std::string> texts);

}  // namespace barracuda
