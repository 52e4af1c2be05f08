// Admins by HTTP: the session that a request shows, and its cookies.
//
// Threads: any; nothing is kept.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/service.h"
#include "auth/admin_auth.h"

namespace barracuda::api {

inline constexpr const char* kSessionCookie = "barracuda_session";

// The session token of a request: Bearer, or the cookie.
struct SessionToken {
    std::string text;
    bool by_cookie = false;
};
std::optional<SessionToken> SessionTokenOf(
    const auth::TrustedProxies& proxies, const http::Request& request
);

// The admin whose session the request shows: scope kAdmin, name "admin:E", the role of now. Where
// `by_cookie`, what changes something must come from a page of ours (origin.h).
std::optional<auth::Caller> AdminOf(const Accounts& accounts, const http::Request& request);

// `Set-Cookie` for a name and value that scripts do not see and other sites do not send, kept for
// `seconds` (0: while the browser runs); an empty value removes it. Behind TLS the name begins with
// `__Host-`, which no neighbouring subdomain and no page sent in the clear can plant (RFC 6265bis,
// 4.1.3.2), and only a cookie of that name is read.
std::string CookieFor(
    const Accounts& accounts,
    const http::Request& request,
    std::string_view name,
    std::string_view value,
    int seconds = 0
);
std::optional<std::string_view> CookieOf(
    const auth::TrustedProxies& proxies, const http::Request& request, std::string_view plain_name
);

}  // namespace barracuda::api
