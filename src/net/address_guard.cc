#include "net/address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"

namespace barracuda::net {
namespace {

// IANA's special-purpose registries (RFC 6890 and later). IPv6 starts from the other side: only
// 2000::/3 is given out as public, so ::, ::1, 64:ff9b::/96, 64:ff9b:1::/48, 100::/64, 5f00::/16,
// fc00::/7, fe80::/10, fec0::/10 and ff00::/8 need no line of their own.
constexpr std::string_view kPublicIpv6 = "2000::/3";
constexpr std::string_view kNotPublic[] = {
    "0.0.0.0/8",        // this network
    "10.0.0.0/8",       // RFC 1918
    "100.64.0.0/10",    // carrier-grade NAT
    "127.0.0.0/8",      // loopback
    "169.254.0.0/16",   // link-local, cloud metadata
    "172.16.0.0/12",    // RFC 1918
    "192.0.0.0/24",     // IETF protocol assignments
    "192.0.2.0/24",     // documentation
    "192.88.99.0/24",   // 6to4 relays
    "192.168.0.0/16",   // RFC 1918
    "198.18.0.0/15",    // benchmarks
    "198.51.100.0/24",  // documentation
    "203.0.113.0/24",   // documentation
    "224.0.0.0/4",      // multicast
    "240.0.0.0/4",      // reserved, broadcast
    "2001::/23",        // IETF protocol assignments: Teredo, ORCHID, benchmarks
    "2001:db8::/32",    // documentation
    "2002::/16",        // 6to4: carries any IPv4 address
    "3fff::/20",        // documentation
};

Cidr MustParse(std::string_view text) {
    auto cidr = Cidr::Parse(text);
    BARRACUDA_CHECK(cidr.has_value());
    return *cidr;
}

bool IsPublic(const IpAddress& address) {
    static const Cidr public_ipv6 = MustParse(kPublicIpv6);
    static const std::vector<Cidr> not_public = [] {
        std::vector<Cidr> list;
        for (auto text : kNotPublic) list.push_back(MustParse(text));
        return list;
    }();
    if (!address.v4 && !public_ipv6.Contains(address)) return false;
    return std::none_of(not_public.begin(), not_public.end(), [&](const Cidr& cidr) {
        return cidr.Contains(address);
    });
}

bool IsMapped(const uint8_t* bytes) {
    constexpr uint8_t kPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return std::memcmp(bytes, kPrefix, sizeof kPrefix) == 0;
}

IpAddress FromIpv4(const uint8_t* bytes) {
    IpAddress address;
    std::copy_n(bytes, 4, address.bytes.begin());
    return address;
}

IpAddress FromIpv6(const uint8_t* bytes) {
    if (IsMapped(bytes)) return FromIpv4(bytes + 12);
    IpAddress address{.v4 = false};
    std::copy_n(bytes, 16, address.bytes.begin());
    return address;
}

std::optional<std::pair<IpAddress, int>> FromSockaddr(const sockaddr* address) {
    if (address == nullptr) return std::nullopt;
    if (address->sa_family == AF_INET) {
        sockaddr_in in;
        std::memcpy(&in, address, sizeof in);
        return std::pair(
            FromIpv4(reinterpret_cast<const uint8_t*>(&in.sin_addr)), ntohs(in.sin_port)
        );
    }
    if (address->sa_family == AF_INET6) {
        sockaddr_in6 in;
        std::memcpy(&in, address, sizeof in);
        return std::pair(FromIpv6(in.sin6_addr.s6_addr), ntohs(in.sin6_port));
    }
    return std::nullopt;
}

}  // namespace

Result<Cidr> Cidr::Parse(std::string_view text) {
    const auto slash = text.find('/');
    const std::string host(text.substr(0, slash));
    uint8_t bytes[16] = {};
    const bool written_as_v4 = inet_pton(AF_INET, host.c_str(), bytes) == 1;
    if (host.find('\0') != std::string::npos ||
        (!written_as_v4 && inet_pton(AF_INET6, host.c_str(), bytes) != 1)) {
        return Fail(
            ErrorCode::kInvalid, "not an IP network, such as 10.0.0.0/8", std::string(text)
        );
    }
    const int bits_max = written_as_v4 ? 32 : 128;
    int bits = bits_max;
    if (slash != std::string_view::npos) {
        const std::string_view digits = text.substr(slash + 1);
        const char* end = digits.data() + digits.size();
        auto [stop, problem] = std::from_chars(digits.data(), end, bits);
        if (problem != std::errc() || stop != end || bits < 0 || bits > bits_max) {
            return Fail(ErrorCode::kInvalid, "the prefix length is wrong", std::string(text));
        }
    }
    if (written_as_v4) return Cidr{.base = FromIpv4(bytes), .bits = bits};
    if (IsMapped(bytes)) {
        // Below /96 it would mean all of IPv4 and more: surely not what was meant.
        if (bits < 96) return Fail(ErrorCode::kInvalid, "write it as IPv4", std::string(text));
        return Cidr{.base = FromIpv4(bytes + 12), .bits = bits - 96};
    }
    return Cidr{.base = FromIpv6(bytes), .bits = bits};
}

Result<std::vector<Cidr>> ParseRanges(std::span<const std::string> texts) {
    std::vector<Cidr> ranges;
    for (const auto& text : texts) {
        auto range = Cidr::Parse(text);
        if (!range) return Fail(range.error());
        ranges.push_back(*range);
    }
    return ranges;
}

bool Cidr::Contains(const IpAddress& address) const {
    if (address.v4 != base.v4) return false;
    const int whole = bits / 8;
    if (!std::equal(base.bytes.begin(), base.bytes.begin() + whole, address.bytes.begin())) {
        return false;
    }
    const int rest = bits % 8;
    if (rest == 0) return true;
    const auto mask = static_cast<uint8_t>(0xff << (8 - rest));
    return (base.bytes[whole] & mask) == (address.bytes[whole] & mask);
}

AddressGuard::AddressGuard(std::vector<Cidr> allowed, std::vector<int> ports)
    : allowed_(std::move(allowed)), ports_(std::move(ports)) {}

bool AddressGuard::Allows(const sockaddr* address) const {
    const auto peer = FromSockaddr(address);
    return peer && Allows(peer->first, peer->second);
}

bool AddressGuard::Allows(std::string_view address, int port) const {
    const auto only = Cidr::Parse(address.substr(0, address.find('%')));  // without the IPv6 zone
    return only && Allows(only->base, port);
}

bool AddressGuard::Allows(const IpAddress& address, int port) const {
    if (!ports_.empty() && std::find(ports_.begin(), ports_.end(), port) == ports_.end()) {
        return false;
    }
    if (IsPublic(address)) return true;
    return std::any_of(allowed_.begin(), allowed_.end(), [&](const Cidr& cidr) {
        return cidr.Contains(address);
    });
}

}  // namespace barracuda::net
