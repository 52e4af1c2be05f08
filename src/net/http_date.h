// Dates as HTTP headers carry them (RFC 9110, 5.6.7): the fixed form and the two old ones. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace barracuda::net {

// "Sun, 06 Nov 1994 08:49:37 GMT"; nullopt for what is no date.
std::optional<Time> ParseHttpDate(std::string_view text);

}  // namespace barracuda::net
