#include "base/currency.h"

#include <gtest/gtest.h>

namespace barracuda {
namespace {

TEST(Currency, IsOfToday) {
    for (const char* code :
         {"AED", "USD", "EUR", "JPY", "VES", "VED", "XAF", "XCG", "ZWG", "SLE"}) {
        EXPECT_TRUE(IsCurrency(code)) << code;
    }
    // Slips, funds, what is no money, historic ones, another case, another length.
    for (const char* code :
         {"UDS",
          "EUU",
          "ZZZ",
          "AAA",
          "CHE",
          "USN",
          "CLF",
          "XXX",
          "XTS",
          "XAU",
          "DEM",
          "HRK",
          "ZWL",
          "usd",
          "US",
          "USDT",
          "",
          "EDA",
          "DAF"}) {
        EXPECT_FALSE(IsCurrency(code)) << code;
    }
}

}  // namespace
}  // namespace barracuda
