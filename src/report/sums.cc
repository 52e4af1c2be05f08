#include "report/sums.h"

#include <fmt/format.h>

#include "base/money.h"
#include "domain/conversion.h"

namespace barracuda::report {

using domain::kDefaultCurrency;

void Sums::Add(std::string_view currency, __int128 micros) {
    if (micros == 0) return;
    if (currency.empty()) currency = kDefaultCurrency;
    auto at = micros_.find(currency);
    if (at == micros_.end()) at = micros_.emplace(currency, 0).first;
    at->second += micros;
}

__int128 Sums::Of(std::string_view currency) const {
    const auto at = micros_.find(currency);
    return at == micros_.end() ? 0 : at->second;
}

std::string Sums::Default() const { return MoneyText(Of(kDefaultCurrency)); }

std::map<std::string, std::string> Sums::ByCurrency() const {
    auto sums = All();
    if (sums.size() == 1 && sums.contains(kDefaultCurrency)) sums.clear();
    return sums;
}

std::map<std::string, std::string> Sums::All() const {
    std::map<std::string, std::string> sums;
    for (const auto& [currency, micros] : micros_) sums[currency] = MoneyText(micros);
    return sums;
}

void Sums::Add(const Sums& other) {
    for (const auto& [currency, micros] : other.micros_) Add(currency, micros);
}

std::string MoneyText(__int128 micros) {
    const bool minus = micros < 0;
    const __int128 whole = micros / Money::kMicros, part = micros % Money::kMicros;
    std::string text = minus && whole == 0 ? "-0" : fmt::format("{}", whole);
    if (part == 0) return text;
    text += fmt::format(".{:06}", static_cast<int64_t>(minus ? -part : part));
    text.erase(text.find_last_not_of('0') + 1);
    return text;
}

}  // namespace barracuda::report
