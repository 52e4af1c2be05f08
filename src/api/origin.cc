#include "api/origin.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace barracuda::api {

namespace {

// The first value of a header that a trusted proxy wrote; empty: none.
std::string_view Forwarded(
    const auth::TrustedProxies& proxies, const http::Request& request, std::string_view name
) {
    const auto value = request.Header(name);
    if (!value || !proxies.Trusts(request.peer_address)) return {};
    return Trim(value->substr(0, value->find(',')));
}

std::string_view WithoutDefaultPort(std::string_view host) {
    for (std::string_view port : {":80", ":443"}) {
        if (host.ends_with(port)) return host.substr(0, host.size() - port.size());
    }
    return host;
}

bool SameHost(std::string_view a, std::string_view b) {
    return !a.empty() && http::EqualNoCase(WithoutDefaultPort(a), WithoutDefaultPort(b));
}

// Empty where it is no page's: "null", an extension, rubbish.
std::string_view HostOfOrigin(std::string_view origin) {
    for (std::string_view scheme : {"http://", "https://"}) {
        if (origin.size() > scheme.size() &&
            http::EqualNoCase(origin.substr(0, scheme.size()), scheme)) {
            return origin.substr(scheme.size());
        }
    }
    return {};
}

// The host without port and brackets; empty: it is none.
std::string_view NameOf(std::string_view host) {
    const size_t end = host.starts_with('[') ? host.find(']') : host.find(':');
    if (end == host.npos) return host.starts_with('[') ? std::string_view() : host;
    const bool bracket = host[end] == ']';
    const auto port = host.substr(bracket ? end + 1 : end);
    const bool sound = port.empty() || (port.front() == ':' &&
                                        port.find_first_not_of("0123456789", 1) == port.npos);
    if (!sound) return {};
    return bracket ? host.substr(1, end - 1) : host.substr(0, end);
}

bool IsKnown(std::span<const std::string> hosts, std::string_view host) {
    const auto name = NameOf(host);
    if (ParseAddress(name) || http::EqualNoCase(name, "localhost")) return true;
    return std::any_of(hosts.begin(), hosts.end(), [&](const std::string& known) {
        return SameHost(known, host) || http::EqualNoCase(known, name);
    });
}

}  // namespace

bool SameOrigin(std::string_view a, std::string_view b) {
    const auto of_a = HostOfOrigin(a), of_b = HostOfOrigin(b);
    const auto scheme = a.substr(0, a.size() - of_a.size());
    return SameHost(of_a, of_b) && http::EqualNoCase(scheme, b.substr(0, b.size() - of_b.size()));
}

bool OriginIsOurs(const auth::TrustedProxies& proxies, const http::Request& request) {
    const auto origin = request.Header("origin");
    if (!origin) return false;
    if (request.Header("sec-fetch-site") == "same-origin") return true;
    const auto host = HostOfOrigin(*origin);
    return SameHost(host, request.Header("host").value_or("")) ||
           SameHost(host, Forwarded(proxies, request, "x-forwarded-host"));
}

bool FromForeignPage(const auth::TrustedProxies& proxies, const http::Request& request) {
    if (request.Header("origin")) return !OriginIsOurs(proxies, request);
    const auto site = request.Header("sec-fetch-site");
    return site && *site != "same-origin" && *site != "none";
}

bool HostIsKnown(
    const auth::TrustedProxies& proxies,
    std::span<const std::string> hosts,
    const http::Request& request
) {
    const auto host = request.Header("host");
    if (!host) return true;
    const auto forwarded = Forwarded(proxies, request, "x-forwarded-host");
    if (!hosts.empty() && !forwarded.empty() && !IsKnown(hosts, forwarded)) return false;
    return IsKnown(hosts, *host);
}

std::string_view SchemeOfClient(const auth::TrustedProxies& proxies, const http::Request& request) {
    const auto scheme = Forwarded(proxies, request, "x-forwarded-proto");
    return http::EqualNoCase(scheme, "https") ? "https" : "http";
}

std::string_view HostOfClient(const auth::TrustedProxies& proxies, const http::Request& request) {
    const auto forwarded = Forwarded(proxies, request, "x-forwarded-host");
    return forwarded.empty() ? request.Header("host").value_or("") : forwarded;
}

}  // namespace barracuda::api
