#include "base/money.h"

#include <fmt/format.h>

#include <optional>

#include "base/check.h"

namespace barracuda {

namespace {

struct Decimal {
    std::string digits;  // without leading zeros
    int exponent = 0;    // value = digits * 10^exponent
};

constexpr int kExponentMax = 400;

Result<Decimal> ReadDecimal(std::string_view text) {
    auto bad = [] { return Fail(ErrorCode::kInvalid, "must be a number that is not negative"); };
    Decimal decimal;
    size_t at = 0, digits = 0;
    bool fraction = false;
    for (; at < text.size(); ++at) {
        char c = text[at];
        if (c == '.' && !fraction && digits > 0) {
            fraction = true;
            if (at + 1 == text.size() || text[at + 1] < '0' || text[at + 1] > '9') return bad();
        } else if (c >= '0' && c <= '9') {
            ++digits;
            if (!(decimal.digits.empty() && c == '0')) decimal.digits.push_back(c);
            if (fraction) --decimal.exponent;
        } else {
            break;
        }
    }
    if (digits == 0) return bad();
    if (at == text.size()) return decimal;
    if (text[at] != 'e' && text[at] != 'E') return bad();
    ++at;
    bool minus = false;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) minus = text[at++] == '-';
    if (at == text.size()) return bad();
    int power = 0;
    for (; at < text.size(); ++at) {
        if (text[at] < '0' || text[at] > '9') return bad();
        power = std::min(power * 10 + (text[at] - '0'), kExponentMax);
    }
    decimal.exponent += minus ? -power : power;
    return decimal;
}

// Digits alone, as most amounts are, and too few to be beyond the bound.
std::optional<int64_t> ReadWhole(std::string_view text) {
    constexpr size_t kDigitsMax = 12;
    if (text.empty() || text.size() > kDigitsMax) return std::nullopt;
    int64_t whole = 0;
    for (char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        whole = whole * 10 + (c - '0');
    }
    return whole;
}

}  // namespace

Result<Money> Money::Parse(std::string_view text) {
    if (const auto whole = ReadWhole(text)) return Money{*whole * kMicros};
    if (text.size() > 256) return Fail(ErrorCode::kInvalid, "is too long for a number");
    auto decimal = ReadDecimal(text);
    if (!decimal) return Fail(decimal.error());
    if (decimal->digits.empty()) return Money{0};
    int point = static_cast<int>(decimal->digits.size()) + decimal->exponent + 6;
    if (point > 19) return Fail(ErrorCode::kInvalid, "is beyond 10^12");
    if (point < 0) return Money{0};
    int64_t micros = 0;
    auto digit = [&](int i) {
        return i < static_cast<int>(decimal->digits.size()) ? decimal->digits[i] - '0' : 0;
    };
    for (int i = 0; i < point; ++i) {
        if (micros > kUnitsMax * kMicros / 10) {
            return Fail(ErrorCode::kInvalid, "is beyond 10^12");
        }
        micros = micros * 10 + digit(i);
    }
    // Round half to even on what is left.
    BARRACUDA_CHECK(micros >= 0);
    int first = digit(point);
    bool rest = false;
    for (int i = point + 1; i < static_cast<int>(decimal->digits.size()); ++i)
        rest |= digit(i) != 0;
    if (first > 5 || (first == 5 && (rest || micros % 2 == 1))) ++micros;
    if (micros > kUnitsMax * kMicros) return Fail(ErrorCode::kInvalid, "is beyond 10^12");
    return Money{micros};
}

std::string Money::Text() const {
    int64_t whole = micros / kMicros, part = micros % kMicros;
    if (part == 0) return fmt::format("{}", whole);
    bool minus = micros < 0;
    std::string text =
        fmt::format("{}{}.{:06}", minus ? "-" : "", minus ? -whole : whole, minus ? -part : part);
    while (text.back() == '0') text.pop_back();
    return text;
}

}  // namespace barracuda
