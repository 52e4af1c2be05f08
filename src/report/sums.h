// Sums of money by currency: 128 bits, exact, never one currency's added to another's.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace barracuda::report {

class Sums {
public:
    // No currency: domain::kDefaultCurrency.
    void Add(std::string_view currency, __int128 micros);

    // Exact decimals. Of the default currency; 0 when there is nothing in it.
    std::string Default() const;
    // Of every currency in which there is something; empty when that is the default one alone, for
    // then Default() says it all.
    std::map<std::string, std::string> ByCurrency() const;

private:
    std::map<std::string, __int128, std::less<>> micros_;
};

// An exact decimal without trailing zeros, as Money::Text is for what fits there.
std::string MoneyText(__int128 micros);

}  // namespace barracuda::report
