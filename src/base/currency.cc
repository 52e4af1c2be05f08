#include "base/currency.h"

#include <cstddef>

namespace barracuda {

namespace {

// ISO 4217 List One as of 2025, three letters each, sorted. ANG and BGN, withdrawn in 2025 and
// 2026, are still taken: reports arrive late.
constexpr std::string_view kCurrencies =
    "AEDAFNALLAMDANGAOAARSAUDAWGAZNBAMBBDBDTBGNBHD"
    "BIFBMDBNDBOBBRLBSDBTNBWPBYNBZDCADCDFCHFCLPCNY"
    "COPCRCCUPCVECZKDJFDKKDOPDZDEGPERNETBEURFJDFKP"
    "GBPGELGHSGIPGMDGNFGTQGYDHKDHNLHTGHUFIDRILSINR"
    "IQDIRRISKJMDJODJPYKESKGSKHRKMFKPWKRWKWDKYDKZT"
    "LAKLBPLKRLRDLSLLYDMADMDLMGAMKDMMKMNTMOPMRUMUR"
    "MVRMWKMXNMYRMZNNADNGNNIONOKNPRNZDOMRPABPENPGK"
    "PHPPKRPLNPYGQARRONRSDRUBRWFSARSBDSCRSDGSEKSGD"
    "SHPSLESOSSRDSSPSTNSVCSYPSZLTHBTJSTMTTNDTOPTRY"
    "TTDTWDTZSUAHUGXUSDUYUUYWUZSVEDVESVNDVUVWSTXAD"
    "XAFXCDXCGXOFXPFYERZARZMWZWG";

constexpr std::size_t kLetters = 3;
static_assert(kCurrencies.size() % kLetters == 0);

// IsCurrency searches by halves.
constexpr bool IsSorted() {
    for (std::size_t at = kLetters; at < kCurrencies.size(); at += kLetters) {
        if (kCurrencies.substr(at - kLetters, kLetters) >= kCurrencies.substr(at, kLetters)) {
            return false;
        }
    }
    return true;
}
static_assert(IsSorted());

}  // namespace

bool IsCurrency(std::string_view code) {
    if (code.size() != kLetters) return false;
    std::size_t low = 0, high = kCurrencies.size() / kLetters;
    while (low < high) {
        const std::size_t middle = (low + high) / 2;
        const auto at = kCurrencies.substr(middle * kLetters, kLetters);
        if (at == code) return true;
        (at < code ? low : high) = at < code ? middle + 1 : middle;
    }
    return false;
}

}  // namespace barracuda
