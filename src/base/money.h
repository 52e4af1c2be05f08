// Money: int64 micro-units of one currency. Never a double: amounts must not drift.
//
// A plain value: any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace barracuda {

struct Money {
    static constexpr int64_t kMicros = 1'000'000;
    static constexpr int64_t kUnitsMax = 1'000'000'000'000;  // 10^12, contract.md "Everywhere"
    static_assert(kUnitsMax <= INT64_MAX / kMicros);

    int64_t micros = 0;

    friend auto operator<=>(const Money&, const Money&) = default;

    // Reads a JSON number or a numeric string: digits, optional fraction and exponent. Not
    // negative, at most 10^12; more than six decimals is rounded half to even. NaN, infinities and
    // other text are kInvalid.
    static Result<Money> Parse(std::string_view text);

    // The exact decimal, no trailing zeros: "100", "0.5", "12.345678".
    std::string Text() const;
};

}  // namespace barracuda
