#include "api/sign_in.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/admin_session.h"
#include "api/auth.h"
#include "api/origin.h"
#include "api/respond.h"
#include "auth/login_device.h"
#include "base/text.h"

namespace barracuda::api {

namespace {

constexpr std::size_t kBodyBytesMax = 8 * 1024;
constexpr int kDeviceSeconds = 365 * 24 * 3600;

void AddCookies(
    const Accounts& accounts,
    const http::Request& request,
    std::string_view token,
    std::string_view device,
    http::Response& response
) {
    auto add = [&](std::string_view name, std::string_view value, int seconds) {
        response.headers.emplace_back(
            "Set-Cookie", CookieFor(accounts, request, name, value, seconds)
        );
    };
    add(kSessionCookie, token, 0);
    add(auth::kDeviceCookie, device, kDeviceSeconds);
}

// No page of another site can send JSON without asking first, and it is not told yes. With any
// other body it could log a visitor in as somebody else.
bool MayBeForeign(const Accounts& accounts, const http::Request& request) {
    const auto type = request.Header("content-type").value_or("");
    const bool json = http::EqualNoCase(Trim(type.substr(0, type.find(';'))), "application/json");
    return !json && FromForeignPage(accounts.proxies, request);
}

}  // namespace

Login ReadLogin(const Accounts& accounts, Reader& reader, const http::Request& request) {
    Login login;
    login.by_cookie = reader.Bool("cookie") == "true";
    login.device = reader.Text("device");
    if (login.device.empty()) {
        login.device = CookieOf(accounts.proxies, request, auth::kDeviceCookie).value_or("");
    }
    return login;
}

// Whoever guesses makes nobody parse much.
std::optional<http::Response> RefuseUnread(const Accounts& accounts, const http::Request& request) {
    if (MayBeForeign(accounts, request)) return ErrorResponse(ForeignPage());
    if (request.body.size() <= kBodyBytesMax) return std::nullopt;
    return http::JsonError(413, fmt::format("the body has more than {} bytes", kBodyBytesMax));
}

std::shared_ptr<auth::LoginAttempt> AttemptOn(
    const Accounts& accounts, const http::Request& request, std::string account, const Login& login
) {
    auto attempt = std::make_shared<auth::LoginAttempt>();
    attempt->account = std::move(account);
    attempt->from = auth::GroupOf(ClientOf(accounts, request));
    if (auto admin = accounts.admin.admins().Find(attempt->account)) {
        attempt->mark = PasswordMark(*admin);
        attempt->device = DeviceOf(*admin, login.device);
    }
    return attempt;
}

void Attempt(
    Accounts& accounts,
    const std::shared_ptr<Call>& call,
    const std::shared_ptr<auth::LoginAttempt>& attempt,
    std::function<void()> go_on
) {
    accounts.admin.BeginLogin(
        accounts.ledger,
        attempt,
        [call, go_on = std::move(go_on)](Result<std::optional<int>> wait) {
            if (!wait) return call->respond(ErrorResponse(wait.error()));
            if (!*wait) return go_on();
            constexpr const char* kWhy = "too many attempts, wait a little";
            call->respond(http::JsonError(429, kWhy, **wait));
        }
    );
}

void OpenSession(
    Accounts& accounts,
    std::shared_ptr<Call> call,
    const auth::Admin& admin,
    Login login,
    const char* message
) {
    if (DeviceOf(admin, login.device).empty()) login.device = NewDeviceToken(admin);
    const auto agent = call->request.Header("user-agent").value_or("");
    auth::SessionOrigin origin{ClientOf(accounts, call->request), std::string(agent)};
    auto opened = [&accounts, call, admin, login, message](Result<std::string> token) {
        if (!token) return call->respond(ErrorResponse(token.error()));
        JsonObject data, answer;
        data.Text("email", admin.email).Text("name", admin.name);
        data.Text("role", NameOf(admin.role));
        if (!login.by_cookie) data.Text("token", *token).Text("device", login.device);
        answer.Bool("success", true).Text("message", message).Object("data", data);
        auto response = JsonResponse(200, answer);
        if (login.by_cookie) AddCookies(accounts, call->request, *token, login.device, response);
        call->respond(std::move(response));
    };
    // What this browser held until now is over, and so is any copy of it.
    if (const auto held = SessionTokenOf(accounts.proxies, call->request)) {
        (void)accounts.admin.sessions().End(accounts.ledger, held->text, [](auto) {});
    }
    const Time now = Time::Now();
    auto seen = [now](auth::Admin& stored) -> std::optional<Error> {
        stored.seen = std::max(stored.seen, now);
        return std::nullopt;
    };
    // For people alone: what becomes of it is nobody's concern.
    accounts.admin.admins().Change(accounts.ledger, admin.email, std::move(seen), [](auto) {});
    accounts.admin.sessions().Create(
        accounts.ledger, admin, now, std::move(opened), std::move(origin)
    );
}

http::Response TooManyLogins() {
    return ErrorResponse({ErrorCode::kUnavailable, "too many logins at once", {}});
}

http::Response WrongSecret(const char* what) {
    return ErrorResponse({ErrorCode::kUnauthorized, what, {}});
}

}  // namespace barracuda::api
