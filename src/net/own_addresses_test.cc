#include "net/own_addresses.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace barracuda::net {
namespace {

TEST(OwnAddresses, LoopbackIsAmongThem) {
    const auto own = OwnAddresses();
    const auto loopback = *ParseAddress("127.0.0.1"), next = *ParseAddress("127.0.0.2");
    auto holds = [&](const Address& address) {
        return std::any_of(own->begin(), own->end(), [&](const Cidr& cidr) {
            return cidr.Contains(address);
        });
    };
    EXPECT_TRUE(holds(loopback));
    EXPECT_FALSE(holds(next)) << "of IPv4 the address alone";
    EXPECT_EQ(OwnAddresses(), own) << "asked once in a while";
}

}  // namespace
}  // namespace barracuda::net
