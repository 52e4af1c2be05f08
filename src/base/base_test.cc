#include <gtest/gtest.h>

#include "base/money.h"
#include "base/object_id.h"
#include "base/text.h"
#include "base/time.h"

namespace barracuda {
namespace {

TEST(Money, ReadsAndPrintsExactly) {
    struct Case {
        const char* text;
        int64_t micros;
        const char* printed;
    } cases[] = {
        {"0", 0, "0"},
        {"100", 100'000'000, "100"},
        {"0.1", 100'000, "0.1"},
        {"12.345678", 12'345'678, "12.345678"},
        {"1e2", 100'000'000, "100"},
        {"1.5E-1", 150'000, "0.15"},
        {"0.0000005", 0, "0"},         // half to even: 0
        {"0.0000015", 2, "0.000002"},  // half to even: 2
        {"0.00000051", 1, "0.000001"},
        {"1000000000000", Money::kUnitsMax * Money::kMicros, "1000000000000"},
        {"000.50", 500'000, "0.5"},
    };
    for (const auto& c : cases) {
        auto money = Money::Parse(c.text);
        ASSERT_TRUE(money) << c.text;
        EXPECT_EQ(money->micros, c.micros) << c.text;
        EXPECT_EQ(money->Text(), c.printed) << c.text;
    }
}

TEST(Money, RefusesWhatIsNoSum) {
    for (const char* text :
         {"",
          "-1",
          "+1",
          "NaN",
          "Infinity",
          "1,5",
          "1.",
          ".5",
          "1e",
          "1e+",
          "0x10",
          "1 ",
          " 1",
          "1000000000000.1",
          "1e400",
          "1e99999999999",
          "--1",
          "1.2.3",
          "abc"}) {
        EXPECT_FALSE(Money::Parse(text)) << text;
    }
}

TEST(Text, Utf8) {
    EXPECT_TRUE(IsUtf8("plain \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\x9F"));
    for (const char* text : {"\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\x80", "\xE2\x82"}) {
        EXPECT_FALSE(IsUtf8(text));
    }
    EXPECT_EQ(CutUtf8("ab\xE2\x82\xAC", 4), "ab");
}

TEST(Text, WhatIsNoUtf8IsReplaced) {
    const std::string mark = "\xEF\xBF\xBD";
    for (const char* good : {"", "plain", "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\x9F"}) {
        EXPECT_EQ(CleanUtf8(good), good);
    }
    EXPECT_EQ(CleanUtf8("a\xFFz"), "a" + mark + "z");
    EXPECT_EQ(CleanUtf8("\xE2\x82"), mark + mark);
    EXPECT_EQ(CleanUtf8(std::string_view("a\0b", 3)), std::string_view("a\0b", 3));
}

TEST(Time, IsoThereAndBack) {
    auto time = Time::ParseIso("2024-02-29T23:59:59.123Z");
    ASSERT_TRUE(time);
    EXPECT_EQ(time->Iso(), "2024-02-29T23:59:59.123Z");
    EXPECT_EQ(time->Month(), "2024-02");
    EXPECT_EQ(Time::ParseIso("2024-03-01T01:00:00+01:00"), Time::ParseIso("2024-03-01"));
    for (const char* text :
         {"2023-02-29", "yesterday", "2024-01-01T25:00:00Z", "2024-1-1", "2024-01-01T10:00:00"}) {
        EXPECT_FALSE(Time::ParseIso(text)) << text;
    }
}

TEST(ObjectIdTest, UniqueAndReversible) {
    auto a = ObjectId::New(), b = ObjectId::New();
    EXPECT_NE(a, b);
    EXPECT_EQ(ObjectId::Parse(a.Hex()), a);
    EXPECT_FALSE(ObjectId::Parse("5"));
}

TEST(Text, HexComesBackAndNothingElseIsTaken) {
    EXPECT_EQ(BytesOfHex(HexOf(std::string("\0\x7f\xff", 3))), std::string("\0\x7f\xff", 3));
    EXPECT_EQ(BytesOfHex(""), "");
    for (const char* bad : {"0", "0g", "AB", " 00", "0x00"}) EXPECT_FALSE(BytesOfHex(bad)) << bad;
}

}  // namespace
}  // namespace barracuda
