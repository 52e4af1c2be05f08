#include "api/auth.h"

#include "api/admin_auth.h"
#include "api/query_pool.h"
#include "api/shared_state.h"
#include "base/text.h"

namespace barracuda::api {

namespace {

std::string SecretOf(const http::Request& request, Access access, bool& by_url) {
    if (auto header = request.Header("authorization")) {
        if (header->size() > 7 && http::EqualNoCase(header->substr(0, 7), "bearer ")) {
            return std::string(Trim(header->substr(7)));
        }
    }
    if (auto header = request.Header("x-api-key")) return std::string(Trim(*header));
    if (access != Access::kIngestUrl) return {};
    for (const auto& [name, value] : request.query) {
        if (name != "key" || value.empty()) continue;
        by_url = true;
        return value;
    }
    return {};
}

Error StaleError() {
    return {
        ErrorCode::kUnavailable, "the store cannot be read, nobody is let in by memory alone", {}};
}

Caller OpenCaller() {
    Caller caller;
    caller.name = "open";
    return caller;
}

}  // namespace

Result<Caller> Authenticate(Service& service, const http::Request& request, Access access) {
    if (access == Access::kOpen) return Caller{};
    const bool stale = service.shared && service.shared->Stale();
    if (access == Access::kAdmin) {
        if (stale) return Fail(StaleError());
        if (auto admin = AdminOf(service, request)) {
            bool safe = request.method == "GET" || request.method == "HEAD";
            if (!admin->by_cookie || safe || CookieOriginOk(request)) return std::move(*admin);
            return Fail(ErrorCode::kForbidden, "the request comes from another site", "Origin");
        }
    }
    bool by_url = false;
    std::string secret = SecretOf(request, access, by_url);
    bool open = access != Access::kAdmin && service.config.auth.ingest == "open";
    if (secret.empty()) {
        if (open) return OpenCaller();
        const char* url = access == Access::kIngestUrl ? ", or ?key=KEY in the URL" : "";
        return Fail(
            ErrorCode::kUnauthorized,
            std::string("a key is required: Authorization: Bearer KEY") + url
        );
    }
    if (stale) return Fail(StaleError());
    auto key = service.keys.Find(secret);
    if (!key) {
        if (open && by_url) return OpenCaller();  // a tracker's own parameter of this name
        return Fail(ErrorCode::kUnauthorized, "this key is not known");
    }
    if (by_url && key->scope == Scope::kAdmin) {
        return Fail(ErrorCode::kForbidden, "an admin key may not stand in a URL");
    }
    if (access == Access::kAdmin && key->scope != Scope::kAdmin) {
        return Fail(ErrorCode::kForbidden, "this route takes an admin key");
    }
    Caller caller;
    caller.scope = key->scope;
    caller.name = "key:" + key->name;
    caller.affiliate = key->affiliate;
    return caller;
}

std::string ClientOf(const Service& service, const http::Request& request) {
    std::vector<std::string> forwarded;
    for (auto value : request.HeaderValues("x-forwarded-for")) forwarded.emplace_back(value);
    return service.proxies.ClientAddress(request.peer_address, forwarded);
}

bool LookUpFirst(Service& service, const http::Request& request, std::function<void()> again) {
    if (!service.shared) return false;
    bool by_url = false;
    std::string secret = SecretOf(request, Access::kIngestUrl, by_url);
    auto session = SessionTokenOf(request);
    if ((secret.empty() && !session) || !service.shared->MayLookUp()) return false;
    std::string token = session ? session->text : std::string();
    // A look-up that fails leaves the answer as it was: not known.
    return service.queries.Run([&service, secret, token, again = std::move(again)] {
        if (!secret.empty()) (void)service.keys.LookUp(service.engine, secret);
        if (!token.empty() && service.admin) {
            auto known = service.admin->sessions().LookUp(service.engine, token);
            if (known && *known) (void)service.admin->admins().LoadFrom(service.engine);
        }
        again();
    });
}

std::optional<Error> CheckAffiliate(const Caller& caller, std::string_view affiliate) {
    if (caller.affiliate.empty() || caller.affiliate == affiliate) return std::nullopt;
    return BoundElsewhere();
}

Error BoundElsewhere() {
    return {ErrorCode::kForbidden, "this key is bound to another affiliate_id", "affiliate_id"};
}

}  // namespace barracuda::api
