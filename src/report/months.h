// The months that the statistics go by, and what they counted. Of this folder alone. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/time.h"
#include "report/list.h"

namespace barracuda::report {

inline Time BeginOf(const std::string& month) {
    return Time::ParseIso(month + "-01").value_or(Time{});
}

// Whether a period is of whole months, UTC.
inline bool IsMonths(const std::optional<Time>& from, const std::optional<Time>& to) {
    const auto whole = [](const std::optional<Time>& at) {
        return !at || BeginOf(at->Month()) == *at;
    };
    return whole(from) && whole(to);
}

inline int64_t CountIn(const std::map<std::string, Tally>& tallies) {
    int64_t count = 0;
    for (const auto& [name, tally] : tallies) count += tally.count;
    return count;
}

}  // namespace barracuda::report
