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

std::string Sums::Default() const {
    auto at = micros_.find(kDefaultCurrency);
    return MoneyText(at == micros_.end() ? 0 : at->second);
}

std::map<std::string, std::string> Sums::ByCurrency() const {
    std::map<std::string, std::string> sums;
    for (const auto& [currency, micros] : micros_) sums[currency] = MoneyText(micros);
    if (sums.size() == 1 && sums.contains(kDefaultCurrency)) sums.clear();
    return sums;
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
