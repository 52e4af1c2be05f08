#include "net/address_guard.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "base/check.h"

namespace barracuda::net {
namespace {

constexpr std::string_view kRefusedAddress = "the address is not public and not allowed";
constexpr std::string_view kOwnAddress = "the address is this machine's own and not allowed";

// IANA's special-purpose registries (RFC 6890 and later). IPv6 starts from the other side: only
// 2000::/3 is given out as public, so ::, ::1, 64:ff9b::/96, 64:ff9b:1::/48, 100::/64, 5f00::/16,
// fc00::/7, fe80::/10, fec0::/10 and ff00::/8 need no line of their own.
constexpr std::string_view kPublicIpv6 = "2000::/3";
constexpr std::string_view kNotPublic[] = {
    "0.0.0.0/8",        // this network
    "10.0.0.0/8",       // RFC 1918
    "100.64.0.0/10",    // carrier-grade NAT
    "127.0.0.0/8",      // loopback
    "168.63.129.16",    // a public address that is the host's own service inside Azure: metadata
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

bool AnyContains(const std::vector<Cidr>& ranges, const Address& address) {
    return std::any_of(ranges.begin(), ranges.end(), [&](const Cidr& cidr) {
        return cidr.Contains(address);
    });
}

bool IsPublic(const Address& address) {
    static const Cidr public_ipv6 = MustParse(kPublicIpv6);
    static const std::vector<Cidr> not_public = [] {
        std::vector<Cidr> list;
        for (auto text : kNotPublic) list.push_back(MustParse(text));
        return list;
    }();
    if (!address.IsV4() && !public_ipv6.Contains(address)) return false;
    return !AnyContains(not_public, address);
}

std::optional<std::pair<Address, int>> FromSockaddr(const sockaddr* address) {
    if (address == nullptr) return std::nullopt;
    if (address->sa_family == AF_INET) {
        sockaddr_in in;
        std::memcpy(&in, address, sizeof in);
        return std::pair(
            Address::OfV4(reinterpret_cast<const uint8_t*>(&in.sin_addr)), ntohs(in.sin_port)
        );
    }
    if (address->sa_family == AF_INET6) {
        sockaddr_in6 in;
        std::memcpy(&in, address, sizeof in);
        return std::pair(Address::OfV6(in.sin6_addr.s6_addr), ntohs(in.sin6_port));
    }
    return std::nullopt;
}

}  // namespace

AddressGuard::AddressGuard(
    std::vector<Cidr> allowed, std::vector<int> ports, std::vector<Cidr> denied, Own own
)
    : allowed_(std::move(allowed)),
      ports_(std::move(ports)),
      denied_(std::move(denied)),
      own_(std::move(own)) {}

std::string_view AddressGuard::Refusal(const sockaddr* address) const {
    const auto peer = FromSockaddr(address);
    return peer ? Refusal(peer->first, peer->second) : kRefusedAddress;
}

std::string_view AddressGuard::Refusal(std::string_view address, int port) const {
    const auto only = ParseAddress(address.substr(0, address.find('%')));  // without the IPv6 zone
    return only ? Refusal(*only, port) : kRefusedAddress;
}

std::string_view AddressGuard::Refusal(const Address& address, int port) const {
    if (!ports_.empty() && std::find(ports_.begin(), ports_.end(), port) == ports_.end()) {
        return "the port is not among the allowed ones";
    }
    if (AnyContains(denied_, address)) return "the address is among network.deny_addresses";
    if (AnyContains(allowed_, address)) return {};
    if (!IsPublic(address)) return kRefusedAddress;
    return AnyContains(*own_(), address) ? kOwnAddress : std::string_view();
}

}  // namespace barracuda::net
