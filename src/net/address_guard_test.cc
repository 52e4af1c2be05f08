#include "net/address_guard.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>

namespace barracuda::net {
namespace {

bool Allows(const AddressGuard& guard, const char* text) {
    sockaddr_storage storage{};
    auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
    } else {
        EXPECT_EQ(inet_pton(AF_INET6, text, &v6->sin6_addr), 1) << text;
        v6->sin6_family = AF_INET6;
    }
    return guard.Allows(reinterpret_cast<const sockaddr*>(&storage));
}

Cidr Parse(std::string_view text) { return Cidr::Parse(text).value(); }

TEST(AddressGuard, RefusesEveryAddressThatIsNotPublic) {
    const AddressGuard guard({});
    for (const char* address : {
             "0.0.0.0",
             "0.1.2.3",
             "10.0.0.0",
             "10.255.255.255",
             "100.64.0.1",
             "100.127.255.255",
             "127.0.0.1",
             "127.255.255.254",
             "168.63.129.16",
             "169.254.169.254",
             "172.16.0.1",
             "172.31.255.255",
             "192.0.0.1",
             "192.0.0.170",
             "192.0.2.1",
             "192.88.99.1",
             "192.168.0.1",
             "192.168.255.255",
             "198.18.0.1",
             "198.19.255.255",
             "198.51.100.7",
             "203.0.113.9",
             "224.0.0.1",
             "239.255.255.255",
             "240.0.0.1",
             "255.255.255.255",
             "::",
             "::1",
             "::2",
             "::127.0.0.1",
             "::8.8.8.8",
             "::ffff:10.0.0.1",
             "::ffff:127.0.0.1",
             "::ffff:168.63.129.16",
             "::ffff:a9fe:a9fe",
             "::ffff:0:8.8.8.8",
             "64:ff9b::8.8.8.8",
             "64:ff9b:1::1",
             "100::1",
             "2001::1",
             "2001:2::1",
             "2001:10::1",
             "2001:20::1",
             "2001:1ff::1",
             "2001:db8::1",
             "2001:db8:ffff::1",
             "2002:7f00:1::1",
             "2002::1",
             "3fff::1",
             "3fff:fff::1",
             "4000::1",
             "5f00::1",
             "8000::1",
             "fc00::1",
             "fd00:ec2::254",
             "fdff::1",
             "fe80::1",
             "febf::1",
             "fec0::1",
             "feff::1",
             "ff02::1",
             "ff0e::1",
         }) {
        EXPECT_FALSE(Allows(guard, address)) << address;
    }
}

TEST(AddressGuard, AllowsPublicAddressesUpToTheEdges) {
    const AddressGuard guard({});
    for (const char* address : {
             "1.0.0.0",        "1.1.1.1",        "8.8.8.8",         "9.255.255.255",
             "11.0.0.0",       "100.63.255.255", "100.128.0.0",     "126.255.255.255",
             "128.0.0.0",      "168.63.129.15",  "168.63.129.17",   "169.253.255.255",
             "169.255.0.0",    "172.15.255.255", "172.32.0.0",      "192.0.1.0",
             "192.0.3.0",      "192.88.98.1",    "192.167.255.255", "192.169.0.0",
             "198.17.255.255", "198.20.0.0",     "203.0.114.0",     "223.255.255.255",
             "::ffff:8.8.8.8", "2000::1",        "2001:200::1",     "2001:db7::1",
             "2001:db9::1",    "2003::1",        "2606:4700::1111", "2a00:1450::1",
             "3ffe::1",        "3fff:1000::1",
         }) {
        EXPECT_TRUE(Allows(guard, address)) << address;
    }
}

TEST(AddressGuard, AllowsWhatTheOperatorNamedAndNoMore) {
    const AddressGuard guard({Parse("10.1.0.0/16"), Parse("127.0.0.1"), Parse("fd00:1::/32")});
    for (const char* address :
         {"10.1.0.0",
          "10.1.255.255",
          "127.0.0.1",
          "::ffff:127.0.0.1",
          "::ffff:10.1.2.3",
          "fd00:1::5"}) {
        EXPECT_TRUE(Allows(guard, address)) << address;
    }
    for (const char* address : {"10.0.255.255", "10.2.0.0", "127.0.0.2", "::1", "fd00:2::5"}) {
        EXPECT_FALSE(Allows(guard, address)) << address;
    }
}

TEST(AddressGuard, RefusesItsOwnMachineAndWhatIsDenied) {
    auto own = [] {
        return std::make_shared<const std::vector<Cidr>>(std::vector<Cidr>{
            Parse("8.8.8.8"), Parse("2a00:1450:1:2::7/64")});
    };
    const std::vector<Cidr> denied{Parse("9.9.0.0/16"), Parse("10.1.2.0/24")};
    const AddressGuard guard({Parse("10.0.0.0/8")}, {}, denied, own);
    for (const char* address :
         {"8.8.8.8",
          "::ffff:8.8.8.8",
          "2a00:1450:1:2::7",
          "2a00:1450:1:2:ffff::9",
          "9.9.9.9",
          "::ffff:9.9.1.1",
          "10.1.2.3"}) {
        EXPECT_FALSE(Allows(guard, address)) << address;
    }
    for (const char* address : {"8.8.8.9", "2a00:1450:1:3::7", "9.8.9.9", "10.1.3.3"}) {
        EXPECT_TRUE(Allows(guard, address)) << address;
    }
    EXPECT_TRUE(Allows(AddressGuard({Parse("8.8.8.8")}, {}, denied, own), "8.8.8.8"))
        << "who allows it means it";
    EXPECT_FALSE(Allows(AddressGuard({Parse("0.0.0.0/0")}, {}, denied, own), "9.9.9.9"))
        << "denied goes first";
}

TEST(AddressGuard, AllOfIpv6DoesNotIncludeIpv4) {
    const AddressGuard guard({Parse("::/0")});
    EXPECT_TRUE(Allows(guard, "::1"));
    EXPECT_FALSE(Allows(guard, "127.0.0.1"));
    EXPECT_FALSE(Allows(guard, "::ffff:127.0.0.1"));
}

TEST(AddressGuard, RefusesOtherFamilies) {
    const AddressGuard guard({Parse("0.0.0.0/0"), Parse("::/0")});
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    EXPECT_FALSE(guard.Allows(reinterpret_cast<const sockaddr*>(&local)));
    EXPECT_FALSE(guard.Allows(nullptr));
}

}  // namespace
}  // namespace barracuda::net
