#include "config/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace barracuda::config {
namespace {

using namespace std::chrono_literals;
using Duration = std::optional<std::chrono::milliseconds>;

TEST(Values, Durations) {
    const std::pair<const char*, Duration> rows[] = {
        {"5s", 5s},
        {"250ms", 250ms},
        {"1m", 60s},
        {"2h", 7200s},
        {"0s", 0s},
        {"5", std::nullopt},
        {"s", std::nullopt},
        {"-1s", std::nullopt},
        {"1.5s", std::nullopt},
        {"5 s", std::nullopt},
        {"5S", std::nullopt},
        {"", std::nullopt},
        {"99999999999s", std::nullopt},
    };
    for (const auto& [text, value] : rows) EXPECT_EQ(ParseDuration(text), value) << text;
    EXPECT_EQ(ShowDuration(1500ms), "1500ms");
    EXPECT_EQ(ShowDuration(5s), "5s");
}

TEST(Values, Sizes) {
    EXPECT_EQ(ParseSize("512"), 512u);
    EXPECT_EQ(ParseSize("512B"), 512u);
    EXPECT_EQ(ParseSize("64KiB"), 65536u);
    EXPECT_EQ(ParseSize("1MiB"), 1u << 20);
    for (const char* bad : {"", "1MB", "MiB", "-1", "1 MiB"}) EXPECT_FALSE(ParseSize(bad)) << bad;
}

TEST(Values, Numbers) {
    EXPECT_EQ(ParseNumber("7", 0, 7), 7);
    for (const char* bad : {"", "8", "-1", "+1", "1x", " 1", "99999999999999999999"}) {
        EXPECT_FALSE(ParseNumber(bad, 0, 7)) << bad;
    }
}

TEST(Values, Lists) {
    EXPECT_THAT(ParseList(" a, b,,c "), testing::ElementsAre("a", "b", "c"));
    EXPECT_TRUE(ParseList("").empty());
    EXPECT_TRUE(ParseList(" , ").empty());
}

TEST(Values, Listen) {
    EXPECT_EQ(ParseListen("127.0.0.1:80"), std::pair(std::string("127.0.0.1"), std::uint16_t{80}));
    EXPECT_EQ(ParseListen("[::]:0"), std::pair(std::string("::"), std::uint16_t{0}));
    EXPECT_TRUE(ParseListen("0.0.0.0:65535"));
    for (const char* bad :
         {"",
          ":80",
          "h",
          "h:",
          "h:65536",
          "::1:80",
          "[]:80",
          "[h]:80",
          "h:x",
          "localhost:80",
          "127.1:80"}) {
        EXPECT_FALSE(ParseListen(bad)) << bad;
    }
}

TEST(Values, Urls) {
    EXPECT_EQ(ParseUrl("https://h/a//"), "https://h/a");
    EXPECT_EQ(ParseUrl("http://[::1]:8/x"), "http://[::1]:8/x");
    for (const char* bad :
         {"",
          "h",
          "https://",
          "https:///x",
          "https://u@h",
          "https://h?x=1",
          "https://h#x",
          "https://h:0",
          "https://h:x",
          "https://h/a b",
          "HTTPS://h",
          "file:///etc/passwd"}) {
        EXPECT_FALSE(ParseUrl(bad)) << bad;
    }
}

TEST(Values, Origins) {
    for (const char* good : {"*", "https://a.example", "http://localhost:3000"}) {
        EXPECT_TRUE(IsOrigin(good)) << good;
    }
    for (const char* bad : {"", "null", "a.example", "https://a.example/", "https://*.example"}) {
        EXPECT_FALSE(IsOrigin(bad)) << bad;
    }
}

TEST(Values, Decimals) {
    for (const char* good : {"0", "100", "99.50", "0.000001", "1000000000000", "1000000000000.0"}) {
        EXPECT_TRUE(IsDecimal(good)) << good;
    }
    for (const char* bad :
         {"",
          ".",
          "1.",
          ".5",
          "-1",
          "+1",
          "1e3",
          "1.2345678",
          "1000000000000.1",
          "1000000000001",
          "NaN",
          " 1"}) {
        EXPECT_FALSE(IsDecimal(bad)) << bad;
    }
}

}  // namespace
}  // namespace barracuda::config
