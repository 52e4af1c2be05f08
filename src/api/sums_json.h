// Sums of money in an answer: contract.md's field holds the default currency's, and where there are
// others `byCurrency` holds them all.
//
// Threads: any; nothing is kept.
#pragma once

#include "api/respond.h"
#include "report/sums.h"

namespace barracuda::api {

// Nothing where there is the default currency alone.
inline void PutByCurrency(
    JsonObject& to, const report::Sums& sums, const char* name = "byCurrency"
) {
    const auto by_currency = sums.ByCurrency();
    if (by_currency.empty()) return;
    JsonObject all;
    for (const auto& [currency, sum] : by_currency) all.Raw(JsonName(currency), sum);
    to.Object(name, all);
}

// The default currency's sum under `name`, then byCurrency.
inline void PutSum(JsonObject& to, const char* name, const report::Sums& sums) {
    to.Raw(name, sums.Default());
    PutByCurrency(to, sums);
}

}  // namespace barracuda::api
