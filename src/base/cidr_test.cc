#include "base/cidr.h"

#include <gtest/gtest.h>

namespace barracuda {
namespace {

TEST(Cidrs, Contain) {
    struct Row {
        const char *range, *address;
        bool inside;
    };
    const Row rows[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"10.1.2.3/8", "10.9.9.9", true},
        {"192.168.1.4/30", "192.168.1.7", true},
        {"192.168.1.4/30", "192.168.1.8", false},
        {"0.0.0.0/0", "8.8.8.8", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "8.8.8.8", false},
        {"::/0", "2001:db8::1", true},
        {"::ffff:10.0.0.0/104", "10.9.9.9", true},
        {"10.0.0.1", "10.0.0.1", true},
        {"10.0.0.1", "10.0.0.2", false},
        {"10.0.0.0/8", "::ffff:10.0.0.1", true},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"::1", "::1", true},
    };
    for (const Row& row : rows) {
        const auto range = Cidr::Parse(row.range);
        const auto address = ParseAddress(row.address);
        ASSERT_TRUE(range && address) << row.range;
        EXPECT_EQ(range->Contains(*address), row.inside) << row.range << " " << row.address;
    }
}

TEST(Cidrs, AddressesHaveOneForm) {
    EXPECT_EQ(ParseAddress("::ffff:10.0.0.1")->Text(), "10.0.0.1");
    EXPECT_EQ(ParseAddress("2001:DB8:0::1")->Text(), "2001:db8::1");
    for (const char* bad : {"", "unknown", "10.0.0.1:80", "[::1]", "fe80::1%eth0", " 10.0.0.1"}) {
        EXPECT_FALSE(ParseAddress(bad)) << bad;
    }
    EXPECT_FALSE(ParseAddress(std::string_view("10.0.0.1\0x", 10)));
}

TEST(Cidrs, ParsesNetworksAndSingleAddresses) {
    EXPECT_EQ(Cidr::Parse("10.0.0.0/8")->prefix, 104);
    EXPECT_EQ(Cidr::Parse("10.0.0.1")->prefix, 128);
    EXPECT_EQ(Cidr::Parse("::1")->prefix, 128);
    EXPECT_EQ(Cidr::Parse("0.0.0.0/0")->prefix, 96);
    EXPECT_TRUE(Cidr::Parse("::ffff:10.0.0.0/104")->base.IsV4());
    EXPECT_EQ(Cidr::Parse("::ffff:10.0.0.0/104")->prefix, 104);
}

TEST(Cidrs, RefusesWhatIsNotOne) {
    for (const char* text :
         {"",
          "/",
          "/8",
          "10.0.0.0/",
          "10.0.0.0/33",
          "10.0.0.0/-1",
          "10.0.0.0/8 ",
          "10.0.0/8",
          "::/129",
          "::ffff:0.0.0.0/95",
          "localhost",
          "h/8",
          "10.0.0.0/8x",
          "10.0.0.0/2000000000",
          "10.0.0.0/4294967304",
          "fe80::1%lo/64",
          "10.0.0.0/8/8"}) {
        auto cidr = Cidr::Parse(text);
        ASSERT_FALSE(cidr) << text;
        EXPECT_EQ(cidr.error().code, ErrorCode::kInvalid);
    }
    EXPECT_FALSE(Cidr::Parse(std::string_view("10.0.0.0\0x/8", 12))) << "text behind a NUL";
}

TEST(Cidrs, TheFirstThatIsNoneIsNamed) {
    const std::vector<std::string> good = {"10.0.0.0/8", "::1"}, bad = {"::1", "10.0.0.0/40", "h"};
    EXPECT_EQ(ParseRanges(good)->size(), 2u);
    auto refused = ParseRanges(bad);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().where, "10.0.0.0/40");
}

}  // namespace
}  // namespace barracuda
