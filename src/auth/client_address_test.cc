#include "auth/client_address.h"

#include <gtest/gtest.h>

namespace barracuda::auth {
namespace {

struct Row {
    const char* what;
    std::vector<std::string> trusted;
    std::string peer;
    std::vector<std::string> headers;
    std::string client;
};

const std::vector<std::string> kNone = {};
const std::vector<std::string> kTen = {"10.0.0.0/8"};
const std::vector<std::string> kBoth = {"10.0.0.0/8", "2001:db8:1::/48"};
const std::vector<std::string> kAll = {"0.0.0.0/0", "::/0"};

// clang-format off
const Row kRows[] = {
    {"nobody trusted, no header", kNone, "1.1.1.1", {}, "1.1.1.1"},
    {"nobody trusted, forged header", kNone, "1.1.1.1", {"9.9.9.9"}, "1.1.1.1"},
    {"nobody trusted, forged loopback", kNone, "1.1.1.1", {"127.0.0.1"}, "1.1.1.1"},
    {"untrusted peer claims a proxy", kTen, "1.1.1.1", {"9.9.9.9, 10.0.0.1"}, "1.1.1.1"},
    {"trusted peer, no header", kTen, "10.0.0.1", {}, "10.0.0.1"},
    {"trusted peer, empty header", kTen, "10.0.0.1", {""}, "10.0.0.1"},
    {"trusted peer, blank header", kTen, "10.0.0.1", {" , ,"}, "10.0.0.1"},
    {"one proxy", kTen, "10.0.0.1", {"2.2.2.2"}, "2.2.2.2"},
    {"one proxy, forged left part", kTen, "10.0.0.1", {"9.9.9.9, 2.2.2.2"}, "2.2.2.2"},
    {"one proxy, forged trusted left part", kTen, "10.0.0.1", {"10.0.0.7, 2.2.2.2"}, "2.2.2.2"},
    {"one proxy, forged loopback left part", kTen, "10.0.0.1", {"127.0.0.1,2.2.2.2"}, "2.2.2.2"},
    {"two proxies", kTen, "10.0.0.1", {"2.2.2.2, 10.0.0.2"}, "2.2.2.2"},
    {"two proxies, forged left part", kTen, "10.0.0.1", {"9.9.9.9, 2.2.2.2, 10.0.0.2"}, "2.2.2.2"},
    {"three proxies", kTen, "10.0.0.1", {"2.2.2.2, 10.0.0.3, 10.0.0.2"}, "2.2.2.2"},
    {"an untrusted hop between", kTen, "10.0.0.1", {"2.2.2.2, 8.8.8.8, 10.0.0.2"}, "8.8.8.8"},
    {"every hop trusted", kTen, "10.0.0.1", {"10.0.0.9, 10.0.0.2"}, "10.0.0.9"},
    {"two header fields", kTen, "10.0.0.1", {"9.9.9.9", "2.2.2.2"}, "2.2.2.2"},
    {"two header fields, the last a proxy", kTen, "10.0.0.1", {"9.9.9.9, 2.2.2.2", "10.0.0.2"}, "2.2.2.2"},
    {"the last header field empty", kTen, "10.0.0.1", {"2.2.2.2", ""}, "2.2.2.2"},
    {"blanks and tabs", kTen, "10.0.0.1", {"\t 2.2.2.2 \t"}, "2.2.2.2"},
    {"no blank after the comma", kTen, "10.0.0.1", {"9.9.9.9,2.2.2.2,10.0.0.2"}, "2.2.2.2"},
    {"empty entries", kTen, "10.0.0.1", {"2.2.2.2, , 10.0.0.2,"}, "2.2.2.2"},
    {"IPv4 with port", kTen, "10.0.0.1", {"2.2.2.2:5678"}, "2.2.2.2"},
    {"proxy with port", kTen, "10.0.0.1", {"2.2.2.2, 10.0.0.2:80"}, "2.2.2.2"},
    {"IPv6", kTen, "10.0.0.1", {"2001:DB8::5"}, "2001:db8::5"},
    {"IPv6 in brackets", kTen, "10.0.0.1", {"[2001:db8::5]"}, "2001:db8::5"},
    {"IPv6 in brackets with port", kTen, "10.0.0.1", {"[2001:db8::5]:443"}, "2001:db8::5"},
    {"IPv6 bracket rubbish", kTen, "10.0.0.1", {"[2001:db8::5]x"}, "10.0.0.1"},
    {"IPv6 bracket open", kTen, "10.0.0.1", {"[2001:db8::5"}, "10.0.0.1"},
    {"IPv6 proxy", kBoth, "2001:db8:1::7", {"2.2.2.2"}, "2.2.2.2"},
    {"IPv6 neighbour is no proxy", kBoth, "2001:db8:2::7", {"2.2.2.2"}, "2001:db8:2::7"},
    {"both families in a chain", kBoth, "10.0.0.1", {"2.2.2.2, 2001:db8:1::7"}, "2.2.2.2"},
    {"peer as mapped IPv4", kTen, "::ffff:10.0.0.1", {"2.2.2.2"}, "2.2.2.2"},
    {"untrusted peer as mapped IPv4", kTen, "::ffff:1.1.1.1", {"2.2.2.2"}, "1.1.1.1"},
    {"mapped hop is the same address", kTen, "10.0.0.1", {"2.2.2.2, ::ffff:10.0.0.2"}, "2.2.2.2"},
    {"mapped client", kTen, "10.0.0.1", {"::ffff:2.2.2.2"}, "2.2.2.2"},
    {"a proxy wrote unknown", kTen, "10.0.0.1", {"9.9.9.9, unknown"}, "10.0.0.1"},
    {"the second proxy wrote unknown", kTen, "10.0.0.1", {"unknown, 10.0.0.2"}, "10.0.0.2"},
    {"rubbish left of the client", kTen, "10.0.0.1", {"<script>, 2.2.2.2"}, "2.2.2.2"},
    {"rubbish as client", kTen, "10.0.0.1", {"2.2.2.2; drop"}, "10.0.0.1"},
    {"a range is no address", kTen, "10.0.0.1", {"2.2.2.0/24"}, "10.0.0.1"},
    {"octal is no address", kTen, "10.0.0.1", {"0377.1.1.1"}, "10.0.0.1"},
    {"quotes are no address", kTen, "10.0.0.1", {"\"2.2.2.2\""}, "10.0.0.1"},
    {"everyone trusted: leftmost", kAll, "1.1.1.1", {"3.3.3.3, 2.2.2.2"}, "3.3.3.3"},
    {"everyone trusted, IPv6: leftmost", kAll, "1.1.1.1", {"2001:db8::9, 2.2.2.2"}, "2001:db8::9"},
    {"a Unix socket", kTen, "unix", {"2.2.2.2"}, "unix"},
    {"no peer", kTen, "", {"2.2.2.2"}, ""},
    {"a bare trusted address", {"10.0.0.1"}, "10.0.0.1", {"2.2.2.2, 10.0.0.2"}, "10.0.0.2"},
    {"an unreadable range trusts nobody", {"all"}, "10.0.0.1", {"2.2.2.2"}, "10.0.0.1"},
};
// clang-format on

TEST(ClientAddress, Chains) {
    static_assert(std::size(kRows) >= 30);
    for (const Row& row : kRows) {
        EXPECT_EQ(TrustedProxies(row.trusted).ClientAddress(row.peer, row.headers), row.client)
            << row.what;
    }
}

TEST(ClientAddress, LongChainsAreCut) {
    std::string header = "2.2.2.2";
    for (int i = 0; i < 100'000; ++i) header += ",10.0.0.2";
    EXPECT_EQ(TrustedProxies(kTen).ClientAddress("10.0.0.1", {header}), "10.0.0.2");
}

TEST(AddressGroup, IsASubscriberAndANetwork) {
    EXPECT_EQ(GroupOf("::ffff:1.1.1.1").one, GroupOf("1.1.1.1").one);
    EXPECT_NE(GroupOf("1.1.1.2").one, GroupOf("1.1.1.1").one);
    EXPECT_EQ(GroupOf("1.1.1.1").network, "");
    EXPECT_EQ(GroupOf("2001:db8:0:1::1").one, GroupOf("2001:db8:0:1:ffff::9").one);
    EXPECT_NE(GroupOf("2001:db8:0:1::1").one, GroupOf("2001:db8:0:2::1").one);
    EXPECT_EQ(GroupOf("2001:db8:0:1::1").network, GroupOf("2001:db8:0:2::1").network);
    EXPECT_NE(GroupOf("2001:db8:0:1::1").network, GroupOf("2001:db8:1:1::1").network);
    EXPECT_EQ(GroupOf(std::string(1000, 'x')).one.size(), 64u);
}

TEST(TrustedProxies, TrustsPeers) {
    const TrustedProxies proxies({"10.0.0.0/8"});
    EXPECT_TRUE(proxies.Trusts("10.1.2.3"));
    EXPECT_TRUE(proxies.Trusts("::ffff:10.1.2.3"));
    EXPECT_FALSE(proxies.Trusts("192.0.2.1"));
    EXPECT_FALSE(proxies.Trusts("unix:"));
    EXPECT_FALSE(TrustedProxies({}).Trusts("127.0.0.1"));
}

}  // namespace
}  // namespace barracuda::auth
