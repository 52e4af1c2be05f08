// Addresses and address ranges (CIDR), IPv4 and IPv6 in one form.
//
// IPv4 is kept as IPv4-mapped IPv6 (::ffff:a.b.c.d), so one address has one form however a peer or
// a header spelt it. Values only: usable from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace barracuda::config {

struct Address {
    std::array<std::uint8_t, 16> bytes{};

    bool IsV4() const;
    std::string Text() const;  // canonical: "10.0.0.1", "2001:db8::1"
    bool operator==(const Address&) const = default;
};

// "10.0.0.1", "2001:db8::1"; no brackets, port, zone or blanks.
std::optional<Address> ParseAddress(std::string_view text);

struct Cidr {
    Address base;
    int prefix = 128;  // bits of the 128-bit form

    bool Contains(const Address& address) const;
};

// "10.0.0.0/8", "2001:db8::/32"; a bare address means itself only. Host bits are ignored.
std::optional<Cidr> ParseCidr(std::string_view text);

}  // namespace barracuda::config
