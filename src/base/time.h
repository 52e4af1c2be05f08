// Time as the documents keep it: UTC milliseconds since 1970 (a BSON date).
//
// A plain value: any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace barracuda {

struct Time {
    int64_t ms = 0;
    friend auto operator<=>(const Time&, const Time&) = default;

    static Time Now();          // the wall clock; domain never asks it: the time is handed in
    std::string Iso() const;    // 2026-01-31T23:59:59.123Z
    std::string Month() const;  // 2026-01, UTC
    // A date, or a date and a time with Z or an offset; nullopt where `text` is neither.
    static std::optional<Time> ParseIso(std::string_view text);
};

}  // namespace barracuda
