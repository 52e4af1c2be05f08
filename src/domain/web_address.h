// The part of a URL that says whom to call: scheme, host, port. For addresses an operator writes
// down; what a network answers is read by net/url.h. Pure, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "domain/entity.h"

namespace barracuda::domain {

struct WebAddress {
    bool https = false;
    std::string host;  // lower case; IPv6 without brackets
    int port = 0;      // the scheme's own where none is named
    size_t end = 0;    // where path, query or fragment begin
};

// "http(s)://host[:port]…" with a plain host: no user, no macro, nothing odd. The problem has no
// field yet.
tl::expected<WebAddress, Problem> ReadWebAddress(std::string_view url);

}  // namespace barracuda::domain
