#include "api/admin_session.h"

#include <fmt/format.h>

#include <utility>

#include "api/account_routes.h"
#include "api/auth.h"
#include "api/origin.h"
#include "api/respond.h"
#include "base/text.h"

namespace barracuda::api {

namespace {

std::string CookieName(
    const auth::TrustedProxies& proxies, const http::Request& request, std::string_view name
) {
    return fmt::format("{}{}", SchemeOfClient(proxies, request) == "https" ? "__Host-" : "", name);
}

}  // namespace

std::string CookieFor(
    const Accounts& accounts,
    const http::Request& request,
    std::string_view name,
    std::string_view value,
    int seconds
) {
    const std::string own = CookieName(accounts.proxies, request, name);
    std::string cookie = fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict", own, value);
    if (value.empty() || seconds > 0) cookie += fmt::format("; Max-Age={}", seconds);
    if (own != name) cookie += "; Secure";
    return cookie;
}

std::optional<std::string_view> CookieOf(
    const auth::TrustedProxies& proxies, const http::Request& request, std::string_view plain_name
) {
    const std::string name = CookieName(proxies, request, plain_name);
    for (std::string_view line : request.HeaderValues("cookie")) {
        while (!line.empty()) {
            const size_t end = line.find(';');
            const std::string_view pair = Trim(line.substr(0, end));
            if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
                return pair.substr(name.size() + 1);
            }
            if (end == std::string_view::npos) break;
            line.remove_prefix(end + 1);
        }
    }
    return std::nullopt;
}

std::optional<SessionToken> SessionTokenOf(
    const auth::TrustedProxies& proxies, const http::Request& request
) {
    if (auto bearer = BearerOf(request)) return SessionToken{std::string(*bearer), false};
    if (auto cookie = CookieOf(proxies, request, kSessionCookie)) {
        return SessionToken{std::string(*cookie), true};
    }
    return std::nullopt;
}

std::optional<auth::Caller> AdminOf(const Accounts& accounts, const http::Request& request) {
    auto token = SessionTokenOf(accounts.proxies, request);
    if (!token) return std::nullopt;
    auto session = accounts.admin.sessions().Find(accounts.ledger, token->text, Time::Now());
    if (!session) return std::nullopt;
    auto admin = accounts.admin.admins().Find(session->email);
    if (!admin || PasswordMark(*admin) != session->mark) return std::nullopt;
    auth::Caller caller;
    caller.scope = auth::Scope::kAdmin;
    caller.name = "admin:" + session->email;
    caller.role = admin->role;
    caller.admin = session->email;
    caller.session = session->hash;
    caller.by_cookie = token->by_cookie;
    return caller;
}

namespace {

// True: `route` is called again once the store was asked for the session, or the answer is given.
bool AskStore(Accounts& accounts, const std::shared_ptr<Call>& call, RouteOf<Accounts> route) {
    if (std::exchange(call->looked_up, true)) return false;
    const LookUp look_up =
        LookUpFirst(accounts, call->request, [&accounts, call, route](std::optional<Error> failed) {
            failed ? call->respond(ErrorResponse(*failed)) : route(accounts, call);
        });
    if (look_up == LookUp::kNotNow) call->respond(ErrorResponse(NotLookedUp()));
    return look_up != LookUp::kNothing;
}

http::Response LogInFirst() {
    return ErrorResponse({ErrorCode::kUnauthorized, "log in first", {}});
}

}  // namespace

void AdminLogout(Accounts& accounts, std::shared_ptr<Call> call) {
    const auto token = SessionTokenOf(accounts.proxies, call->request);
    if (token && token->by_cookie && !OriginIsOurs(accounts.proxies, call->request)) {
        return call->respond(ErrorResponse(ForeignPage()));
    }
    auto with_cookie_gone = [&accounts, call](http::Response response) {
        response.headers.emplace_back(
            "Set-Cookie", CookieFor(accounts, call->request, kSessionCookie, "")
        );
        call->respond(std::move(response));
    };
    auto ended = [call, with_cookie_gone](Result<bool> durable) {
        if (!durable) return call->respond(ErrorResponse(durable.error()));
        with_cookie_gone(Saying("Logged out"));
    };
    auto& sessions = accounts.admin.sessions();
    if (token && sessions.End(accounts.ledger, token->text, std::move(ended))) return;
    if (token && AskStore(accounts, call, AdminLogout)) return;
    // A browser may keep the cookie of a session long over.
    if (token && token->by_cookie) return with_cookie_gone(LogInFirst());
    call->respond(LogInFirst());
}

}  // namespace barracuda::api
