#include "api/auth.h"

#include <fmt/format.h>

#include "api/admin_session.h"
#include "api/origin.h"
#include "api/query_pool.h"
#include "auth/shared_state.h"
#include "base/check.h"
#include "base/text.h"

namespace barracuda::api {

namespace {

std::string SecretOf(const http::Request& request, Access access, bool& by_url) {
    if (auto bearer = BearerOf(request)) return std::string(*bearer);
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

// No key is asked for, but a page that somebody behind the firewall visits is not let in: it may
// send to any address, and its name may be made to mean any address.
Result<auth::Caller> OpenCaller(const Accounts& accounts, const http::Request& request) {
    if (!HostIsKnown(accounts.proxies, accounts.settings.hosts, request)) {
        return Fail(
            ErrorCode::kForbidden,
            "without a key only an address, localhost or a name of server.hosts may stand in Host",
            "Host"
        );
    }
    const bool elsewhere = request.Header("sec-fetch-site") == "cross-site";
    if (elsewhere || FromForeignPage(accounts.proxies, request)) return Fail(ForeignPage());
    auth::Caller caller;
    caller.name = "open";
    return caller;
}

}  // namespace

bool ForAdmins(Access access) {
    switch (access) {
        case Access::kAdmin:
        case Access::kReader:
        case Access::kOwner:
        case Access::kPerson:
            return true;
        case Access::kOpen:
        case Access::kIngest:
        case Access::kIngestUrl:
            return false;
    }
    return false;
}

auth::Role LeastRole(Access access, std::string_view method) {
    BARRACUDA_CHECK(ForAdmins(access));
    if (access == Access::kOwner) return auth::Role::kOwner;
    const bool changes = access == Access::kAdmin && method != "GET" && method != "HEAD";
    return changes ? auth::Role::kOperator : auth::Role::kReadOnly;
}

std::optional<std::string_view> BearerOf(const http::Request& request) {
    constexpr std::string_view kScheme = "bearer ";
    const auto header = request.Header("authorization");
    if (!header || !http::EqualNoCase(header->substr(0, kScheme.size()), kScheme)) {
        return std::nullopt;
    }
    return Trim(header->substr(kScheme.size()));
}

Error ForeignPage() {
    return {ErrorCode::kForbidden, "the request comes from another site", "Origin"};
}

namespace {

// The admin of a session, as far as this request may be his.
Result<auth::Caller> Admit(
    const Accounts& accounts, const http::Request& request, Access access, auth::Caller admin
) {
    const bool safe = request.method == "GET" || request.method == "HEAD";
    const bool ours = !admin.by_cookie || safe || OriginIsOurs(accounts.proxies, request);
    if (!ours) return Fail(ForeignPage());
    const auth::Role least = LeastRole(access, request.method);
    if (admin.role >= least) return admin;
    return Fail(
        ErrorCode::kForbidden,
        fmt::format("this takes the role {}, yours is {}", NameOf(least), NameOf(admin.role))
    );
}

// The fault of a key that is known, for this route; nullopt: none.
std::optional<Error> WrongKey(const auth::ApiKey& key, Access access, bool by_url) {
    auto forbidden = [](const char* why) { return Error{ErrorCode::kForbidden, why, {}}; };
    if (by_url && key.scope == auth::Scope::kAdmin) {
        return forbidden("an admin key may not stand in a URL");
    }
    if (ForAdmins(access) && key.scope != auth::Scope::kAdmin) {
        return forbidden("this route takes an admin key");
    }
    if (access == Access::kPerson) return forbidden("this route takes an admin's session, no key");
    return std::nullopt;
}

}  // namespace

Result<auth::Caller> Authenticate(
    const Accounts& accounts, const http::Request& request, Access access
) {
    if (access == Access::kOpen) return auth::Caller{};
    const bool stale = accounts.shared && accounts.shared->Stale();
    if (ForAdmins(access)) {
        if (stale) return Fail(StaleError());
        if (auto admin = AdminOf(accounts, request)) {
            return Admit(accounts, request, access, std::move(*admin));
        }
    }
    bool by_url = false;
    std::string secret = SecretOf(request, access, by_url);
    bool open = !ForAdmins(access) && accounts.open_ingest;
    if (secret.empty()) {
        if (open) return OpenCaller(accounts, request);
        const char* url = access == Access::kIngestUrl ? ", or ?key=KEY in the URL" : "";
        return Fail(
            ErrorCode::kUnauthorized,
            std::string("a key is required: Authorization: Bearer KEY") + url
        );
    }
    if (stale) return Fail(StaleError());
    auto key = accounts.keys.Find(secret);
    if (!key) {
        // A tracker's own parameter may have this name.
        if (open && by_url) return OpenCaller(accounts, request);
        return Fail(ErrorCode::kUnauthorized, "this key is not known");
    }
    if (auto wrong = WrongKey(*key, access, by_url)) return Fail(*wrong);
    accounts.keys.NoteUse(accounts.ledger, *key, Time::Now());
    auth::Caller caller;
    caller.scope = key->scope;
    caller.name = "key:" + key->name;
    caller.affiliate = key->affiliate;
    return caller;
}

std::string ClientOf(const Accounts& accounts, const http::Request& request) {
    std::vector<std::string> forwarded;
    for (auto value : request.HeaderValues("x-forwarded-for")) forwarded.emplace_back(value);
    return accounts.proxies.ClientAddress(request.peer_address, forwarded);
}

namespace {

std::optional<Error> LookUpBoth(
    const Accounts& accounts, const std::string& secret, const std::string& token
) {
    std::optional<Error> failed;
    if (!secret.empty()) {
        auto known = accounts.keys.LookUp(accounts.engine, secret);
        if (!known) failed = known.error();
    }
    if (!token.empty()) {
        auto known = accounts.admin.sessions().LookUp(accounts.engine, token);
        if (known && *known) known = accounts.admin.admins().LoadFrom(accounts.engine);
        if (!known) failed = known.error();
    }
    return failed;
}

// Those that another node can have made; empty: none.
struct Credentials {
    std::string secret, token;
    bool empty() const { return secret.empty() && token.empty(); }
};

Credentials CredentialsOf(const Accounts& accounts, const http::Request& request) {
    bool by_url = false;
    std::string secret = SecretOf(request, Access::kIngestUrl, by_url);
    auto session = SessionTokenOf(accounts.proxies, request);
    std::string token = session ? session->text : std::string();
    if (!token.starts_with(auth::Sessions::kTokenPrefix)) token.clear();
    if (secret == token || !accounts.keys.MayBeNew(secret)) secret.clear();
    return {std::move(secret), std::move(token)};
}

}  // namespace

bool MayBeKnownElsewhere(const Accounts& accounts, const http::Request& request) {
    return accounts.shared && !CredentialsOf(accounts, request).empty();
}

LookUp LookUpFirst(const Accounts& accounts, const http::Request& request, LookedUp again) {
    if (!accounts.shared) return LookUp::kNothing;
    const Credentials asked = CredentialsOf(accounts, request);
    if (asked.empty()) return LookUp::kNothing;
    if (!accounts.shared->MayLookUp()) return LookUp::kNotNow;
    const bool begun = accounts.queries.Run([&accounts, asked, again = std::move(again)] {
        again(LookUpBoth(accounts, asked.secret, asked.token));
    });
    return begun ? LookUp::kBegun : LookUp::kNotNow;
}

Error NotLookedUp() {
    return {
        ErrorCode::kUnavailable,
        "the store cannot be asked for this credential now",
        {},
        "an unknown credential was not looked up: the store did not answer, or too many were"};
}

std::optional<Error> CheckAffiliate(const auth::Caller& caller, const AffiliateId& affiliate) {
    if (caller.affiliate.empty() || caller.affiliate == affiliate) return std::nullopt;
    return BoundElsewhere();
}

Error BoundElsewhere() {
    return {ErrorCode::kForbidden, "this key is bound to another affiliate_id", "affiliate_id"};
}

}  // namespace barracuda::api
