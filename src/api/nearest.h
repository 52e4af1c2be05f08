// The known name that a misspelt one was meant to be.
//
// Threads: any; nothing is kept.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace barracuda::api {

// "; did you mean goal_type?" where one of `known` is like `name` (at most two letters changed,
// more or fewer), else empty.
std::string DidYouMean(std::string_view name, std::span<const std::string_view> known);

}  // namespace barracuda::api
