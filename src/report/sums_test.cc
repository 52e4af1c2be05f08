#include "report/sums.h"

#include <gtest/gtest.h>

#include "base/money.h"

namespace barracuda::report {
namespace {

using Map = std::map<std::string, std::string>;

TEST(Sums, OfTheDefaultCurrencyAlone) {
    Sums sums;
    EXPECT_EQ(sums.Default(), "0");
    EXPECT_EQ(sums.ByCurrency(), Map());
    sums.Add("USD", 1'500'000);
    sums.Add("", 250'000);
    EXPECT_EQ(sums.Default(), "1.75") << "what has no currency is in the default one";
    EXPECT_EQ(sums.ByCurrency(), Map());
}

TEST(Sums, CurrenciesAreNeverAdded) {
    Sums sums;
    sums.Add("EUR", 1'000'000);
    EXPECT_EQ(sums.Default(), "0");
    EXPECT_EQ(sums.ByCurrency(), (Map{{"EUR", "1"}}));
    sums.Add("USD", 2'000'000);
    sums.Add("JPY", 3'000'000);
    sums.Add("GBP", 0);
    sums.Add("EUR", 500'000);
    EXPECT_EQ(sums.Default(), "2");
    EXPECT_EQ(sums.ByCurrency(), (Map{{"EUR", "1.5"}, {"JPY", "3"}, {"USD", "2"}}));
}

// Twenty conversions of the largest amount there is are beyond 64 bits of micro-units.
TEST(Sums, AreNotNarrowed) {
    Sums sums;
    for (int i = 0; i < 20; ++i) sums.Add("USD", Money::kUnitsMax * Money::kMicros);
    sums.Add("USD", 1);
    EXPECT_EQ(sums.Default(), "20000000000000.000001");
}

TEST(Sums, TextIsThatOfMoney) {
    for (int64_t micros :
         {0L, 1L, -1L, 500'000L, -500'000L, 1'000'000L, -1'000'000L, 12'345'678L, -12'345'678L}) {
        EXPECT_EQ(MoneyText(micros), Money{micros}.Text());
    }
    EXPECT_EQ(
        MoneyText(__int128{-20} * Money::kUnitsMax * Money::kMicros - 500'000), "-20000000000000.5"
    );
}

}  // namespace
}  // namespace barracuda::report
