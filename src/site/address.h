// Addresses of this site's own pages.
//
// Pure, any thread.
#pragma once

#include <string>
#include <string_view>

#include "http/request.h"

namespace barracuda::site {

// `path?name=value&…&lang=…`, percent-encoded.
std::string AddressOf(std::string_view path, const http::Pairs& pairs, std::string_view language);

// `path?v=tag`: a file that browsers keep for a year has another address once its content changes.
std::string Versioned(std::string_view path, std::string_view tag);

}  // namespace barracuda::site
