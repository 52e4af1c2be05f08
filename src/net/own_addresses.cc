#include "net/own_addresses.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/thread_safety.h"

namespace barracuda::net {

namespace {

// A prefix this short is given to one machine alone.
constexpr int kShortestPrefix = 48;
constexpr int kWhole = 128;

int PrefixOf(const sockaddr* netmask) {
    if (netmask == nullptr || netmask->sa_family != AF_INET6) return kWhole;
    sockaddr_in6 mask;
    std::memcpy(&mask, netmask, sizeof mask);
    int bits = 0;
    for (uint8_t byte : mask.sin6_addr.s6_addr) bits += std::popcount(byte);
    return std::max(bits, kShortestPrefix);
}

std::vector<Cidr> Ask() {
    std::vector<Cidr> own;
    ifaddrs* list = nullptr;
    if (getifaddrs(&list) != 0) return own;
    for (const auto* at = list; at != nullptr; at = at->ifa_next) {
        if (at->ifa_addr == nullptr) continue;
        if (at->ifa_addr->sa_family == AF_INET) {
            sockaddr_in in;
            std::memcpy(&in, at->ifa_addr, sizeof in);
            const auto* bytes = reinterpret_cast<const uint8_t*>(&in.sin_addr);
            own.push_back({Address::OfV4(bytes), kWhole});
        } else if (at->ifa_addr->sa_family == AF_INET6) {
            sockaddr_in6 in;
            std::memcpy(&in, at->ifa_addr, sizeof in);
            own.push_back({Address::OfV6(in.sin6_addr.s6_addr), PrefixOf(at->ifa_netmask)});
        }
    }
    freeifaddrs(list);
    return own;
}

}  // namespace

std::shared_ptr<const std::vector<Cidr>> OwnAddresses() {
    using Clock = std::chrono::steady_clock;
    static Mutex mutex;
    static std::shared_ptr<const std::vector<Cidr>> known;
    static Clock::time_point until;
    MutexLock lock(mutex);
    const auto now = Clock::now();
    if (!known || now >= until) {
        known = std::make_shared<const std::vector<Cidr>>(Ask());
        until = now + kOwnAddressesFor;
    }
    return known;
}

}  // namespace barracuda::net
