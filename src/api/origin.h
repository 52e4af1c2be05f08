// The site that a request comes from: one rule for sessions by cookie, logins, forms and open
// ingest.
//
// An Origin is ours when its host is the request's Host, or the X-Forwarded-Host of a trusted
// proxy, or when the browser says `Sec-Fetch-Site: same-origin`, which no page can forge. Ports 80
// and 443 are the absence of a port; another port is another origin. What a proxy forwards about
// the client's own request is believed of trusted proxies alone, and where several proxies wrote,
// the first value is the client's.
//
// Threads: any; nothing is kept.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "auth/client_address.h"
#include "http/request.h"

namespace barracuda::api {

// Two texts of one origin; a default port may be written out.
bool SameOrigin(std::string_view a, std::string_view b);

// Whether the request's Origin is ours. False as well without one, which a browser sends with
// whatever may change something.
bool OriginIsOurs(const auth::TrustedProxies& proxies, const http::Request& request);

// A browser says that a page of another site sent this. Who sends neither Origin nor
// Sec-Fetch-Site is no browser of today, or read a page with it.
bool FromForeignPage(const auth::TrustedProxies& proxies, const http::Request& request);

// Whether the names that the request was sent to cannot be a stranger's (DNS rebinding): an
// address, localhost, or one of `hosts` (NAME, or NAME:PORT for that port alone). What a trusted
// proxy forwards as the browser's Host is held against `hosts` where there are any. No browser
// leaves Host out.
bool HostIsKnown(
    const auth::TrustedProxies& proxies,
    std::span<const std::string> hosts,
    const http::Request& request
);

// Scheme and Host of the client's own request, for links and cookies: "https" behind TLS, else
// "http"; the Host may be empty.
std::string_view SchemeOfClient(const auth::TrustedProxies& proxies, const http::Request& request);
std::string_view HostOfClient(const auth::TrustedProxies& proxies, const http::Request& request);

}  // namespace barracuda::api
