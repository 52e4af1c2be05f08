#include "base/money.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

namespace barracuda {
namespace {

constexpr int64_t kMicrosMax = Money::kUnitsMax * Money::kMicros;

int64_t MicrosOf(std::string_view text) {
    auto money = Money::Parse(text);
    EXPECT_TRUE(money) << text;
    return money ? money->micros : -1;
}

TEST(MoneyProperty, EverySumComesBackFromItsText) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 20'000; ++i) {
        // Of every magnitude, not only of large ones.
        const Money money{
            static_cast<int64_t>(random() % (uint64_t{1} << (1 + i % 59))) % kMicrosMax};
        const std::string text = money.Text();
        ASSERT_EQ(MicrosOf(text), money.micros) << text;
        ASSERT_TRUE(text.find('.') == text.npos || text.back() != '0') << text;
    }
}

TEST(MoneyProperty, AnExponentMovesThePointAndNothingElse) {
    std::mt19937_64 random(2);
    for (int i = 0; i < 5'000; ++i) {
        const int64_t micros = static_cast<int64_t>(random() % 1'000'000'000'000);
        EXPECT_EQ(MicrosOf(fmt::format("{}e-6", micros)), micros);
        EXPECT_EQ(MicrosOf(fmt::format("{}000e-9", micros)), micros);
        EXPECT_EQ(MicrosOf(fmt::format("0.{:018}E+12", micros)), micros);
        EXPECT_EQ(MicrosOf(fmt::format("000{}e-0006", micros)), micros);
    }
}

// Half to even, held against whole numbers: what is cut off is given in thousandths of a micro.
TEST(MoneyProperty, RoundsHalfToEvenAtTheSixthDecimal) {
    std::mt19937_64 random(3);
    for (int i = 0; i < 20'000; ++i) {
        const int64_t micros = static_cast<int64_t>(random() % 1'000'000'000);
        const int64_t part = i % 4 == 0 ? 500 : static_cast<int64_t>(random() % 1'000);
        const bool up = part > 500 || (part == 500 && micros % 2 == 1);
        const std::string text =
            fmt::format("{}.{:06}{:03}", micros / 1'000'000, micros % 1'000'000, part);
        ASSERT_EQ(MicrosOf(text), micros + up) << text;
    }
    EXPECT_EQ(MicrosOf("0.00000050000000000000000000001"), 1) << "beyond half, however little";
    EXPECT_EQ(MicrosOf("0.0000004999999999999999999999999"), 0);
}

TEST(MoneyBounds, TheGreatestSumIsTakenAndNothingAboveIt) {
    EXPECT_EQ(MicrosOf("1000000000000"), kMicrosMax);
    EXPECT_EQ(MicrosOf("1e12"), kMicrosMax);
    EXPECT_EQ(MicrosOf("1000000000000.0000004"), kMicrosMax) << "rounded down to it";
    EXPECT_EQ(MicrosOf("999999999999.9999996"), kMicrosMax) << "rounded up to it";
    for (const char* text :
         {"1000000000000.000001",
          "1000000000000.0000006",
          "1000000000001",
          "9223372036854.775807",
          "9223372036854775807",
          "18446744073709551616",
          "1e13",
          "1e18",
          "99999999999999999999999999999999999999"}) {
        EXPECT_FALSE(Money::Parse(text)) << text;
    }
}

TEST(MoneyProperty, DigitsAloneAreReadAsWithAFraction) {
    std::mt19937_64 random(7);
    for (int i = 0; i < 20'000; ++i) {
        std::string digits = std::to_string(random());
        digits.resize(1 + random() % 14, '0');
        const auto alone = Money::Parse(digits), fraction = Money::Parse(digits + ".0");
        ASSERT_EQ(alone.has_value(), fraction.has_value()) << digits;
        if (alone) {
            ASSERT_EQ(*alone, *fraction) << digits;
        }
    }
    for (const char* text : {"", "1 ", "+1", "-1", "0x1", "1,0", "\xd9\xa1"}) {
        EXPECT_FALSE(Money::Parse(text)) << text;
    }
}

TEST(MoneyBounds, WhateverTheExponentItEndsAtOnce) {
    EXPECT_EQ(MicrosOf("0e99999999999999999999"), 0);
    EXPECT_EQ(MicrosOf("1e-99999999999999999999"), 0);
    EXPECT_EQ(MicrosOf("9e-7"), 1);
    EXPECT_FALSE(Money::Parse("1e2147483648"));
    EXPECT_FALSE(Money::Parse("1e-"));
    EXPECT_FALSE(Money::Parse("1e1.5"));
}

TEST(MoneyBounds, TextOfMoreThan256BytesIsRefused) {
    EXPECT_EQ(MicrosOf("0." + std::string(254, '0')), 0);
    EXPECT_FALSE(Money::Parse("0." + std::string(255, '0')));
}

TEST(MoneyText, ANegativeSumOfTheStatisticsHasItsSign) {
    EXPECT_EQ((Money{-1'500'000}.Text()), "-1.5");
    EXPECT_EQ((Money{-1}.Text()), "-0.000001");
    EXPECT_EQ((Money{-2'000'000}.Text()), "-2");
}

// No byte put in, taken out or changed makes another sum of a number without a word.
TEST(MoneyFuzz, WhatIsTakenIsWrittenAsANumber) {
    std::mt19937 random(4);
    const std::string alphabet = "0123456789.eE+- ,x";
    for (int i = 0; i < 50'000; ++i) {
        std::string text(random() % 9, '0');
        for (char& c : text) c = alphabet[random() % alphabet.size()];
        if (!Money::Parse(text)) continue;
        ASSERT_FALSE(text.empty());
        ASSERT_TRUE(text[0] >= '0' && text[0] <= '9') << text;
        ASSERT_EQ(text.find_first_of(" ,x"), text.npos) << text;
        ASSERT_NE(text.back(), '.') << text;
        char* end = nullptr;
        const double about = std::strtod(text.c_str(), &end);
        ASSERT_EQ(*end, '\0') << text;
        ASSERT_NEAR(static_cast<double>(MicrosOf(text)) / 1e6, about, 1e-6 + about * 1e-12) << text;
    }
}

}  // namespace
}  // namespace barracuda
