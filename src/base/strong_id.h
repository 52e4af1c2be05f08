// Strong ids: an offer id cannot be passed for a click id. Opaque bytes, kept digit for digit.
#pragma once

#include <compare>
#include <string>
#include <utility>

namespace barracuda {

template <typename Tag>
struct StrongId {
    std::string value;

    StrongId() = default;
    explicit StrongId(std::string text) : value(std::move(text)) {}
    bool empty() const { return value.empty(); }
    friend auto operator<=>(const StrongId&, const StrongId&) = default;
};

using ClickId = StrongId<struct ClickTag>;
using GoalId = StrongId<struct GoalTag>;

}  // namespace barracuda
