// Which content coding a client takes (RFC 9110 12.5.3).
//
// Pure, any thread.
#pragma once

#include <span>
#include <string_view>

namespace barracuda::web {

enum class Coding { kPlain, kGzip, kBrotli };

// The best that all `Accept-Encoding` fields together allow: brotli, gzip, or neither. A coding
// named with q=0 is refused; one that is not named is as `*` says, or refused.
Coding ChooseCoding(std::span<const std::string_view> accept_encoding);

}  // namespace barracuda::web
