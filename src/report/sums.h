// Sums of money by currency: 128 bits, exact, never one currency's added to another's.
//
// A plain value: any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace barracuda::report {

class Sums {
public:
    // No currency: domain::kDefaultCurrency.
    void Add(std::string_view currency, __int128 micros);

    __int128 Of(std::string_view currency) const;  // in micro-units
    // Exact decimals. Of the default currency; 0 when there is nothing in it.
    std::string Default() const;
    // Of every currency in which there is something; empty when that is the default one alone, for
    // then Default() says it all.
    std::map<std::string, std::string> ByCurrency() const;
    // Of every currency in which there is something.
    std::map<std::string, std::string> All() const;
    void Add(const Sums& other);
    bool operator==(const Sums&) const = default;

private:
    std::map<std::string, __int128, std::less<>> micros_;
};

// An exact decimal without trailing zeros, as Money::Text is for what fits there.
std::string MoneyText(__int128 micros);

}  // namespace barracuda::report
