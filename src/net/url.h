// URLs: encoding a value once, reading a query, resolving a redirect's Location. Pure, any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace barracuda::net {

using QueryParameters = std::vector<std::pair<std::string, std::string>>;

// Everything but RFC 3986's unreserved characters becomes %XX: safe in a path segment and a query.
std::string PercentEncode(std::string_view text);

// "a=1&b=x%20y", names and values encoded, order kept. Empty for no parameters.
std::string BuildQuery(const QueryParameters& parameters);

// The decoded parameters of an absolute URL, in order; "+" is a space, as in HTML forms. Any
// scheme.
Result<QueryParameters> ParseQuery(std::string_view url);

// The host of an absolute URL, without its port; of IPv6 in brackets. Empty for other text.
std::string HostOf(std::string_view url);

// `reference` (absolute or relative, as in a Location header) seen from `base`, without fragment.
Result<std::string> ResolveUrl(std::string_view base, std::string_view reference);

// A URL or another text for people and logs: every secret in it becomes "***", however it is
// written (base/said_words.h). One of less than eight bytes does where it is a whole value
// ("hash=ab&").
std::string MaskSecrets(std::string_view text, const std::vector<std::string>& secrets);

}  // namespace barracuda::net
