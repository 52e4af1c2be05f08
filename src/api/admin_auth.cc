#include "api/admin_auth.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "api/auth.h"
#include "base/text.h"
#include "domain/email.h"

namespace barracuda::api {

namespace {

namespace json = boost::json;

constexpr std::size_t kPasswordBytesMin = 10;

int64_t SteadyMs() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch()
    )
        .count();
}

// Asked by its own answer: only from a trusted peer does a forwarded address count. The probe is
// of the range kept for documentation, which no peer has.
bool FromTrustedProxy(const Service& service, const http::Request& request) {
    return service.proxies.ClientAddress(request.peer_address, {"192.0.2.1"}) == "192.0.2.1";
}

http::Response Answer(int status, json::object body) {
    http::Response response;
    response.status = status;
    response.body = json::serialize(body);
    return response;
}

std::string CookieFor(
    const Service& service, const http::Request& request, std::string_view token
) {
    std::string cookie =
        fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict", kSessionCookie, token);
    if (token.empty()) cookie += "; Max-Age=0";
    auto scheme = request.Header("x-forwarded-proto");
    if (scheme && http::EqualNoCase(Trim(*scheme), "https") && FromTrustedProxy(service, request)) {
        cookie += "; Secure";
    }
    return cookie;
}

json::object DataOf(const Admin& admin) {
    return {{"email", admin.email}, {"name", admin.name}, {"role", admin.role}};
}

void OpenSession(Service& service, std::shared_ptr<Call> call, Admin admin, const char* message) {
    service.admin->sessions().Create(
        service.ledger,
        admin,
        Time::Now(),
        [&service, call, admin, message](Result<std::string> token) {
            if (!token) return call->respond(ErrorResponse(token.error()));
            json::object data = DataOf(admin);
            data["token"] = *token;
            auto response =
                Answer(200, {{"success", true}, {"message", message}, {"data", std::move(data)}});
            response.headers.emplace_back("Set-Cookie", CookieFor(service, call->request, *token));
            call->respond(std::move(response));
        }
    );
}

// A form on another site cannot send JSON without asking first; with a form body it could log a
// visitor in as somebody else.
std::optional<http::Response> RefuseForeignPage(const http::Request& request) {
    if (!request.Header("origin") || CookieOriginOk(request)) return std::nullopt;
    return ErrorResponse({ErrorCode::kForbidden, "the request comes from another site", "Origin"});
}

void RefuseForNow(Call& call, int seconds) {
    call.respond(http::JsonError(429, "too many attempts, wait a little", seconds));
}

void CheckPassword(
    Service& service,
    std::shared_ptr<Call> call,
    const std::string& email,
    const std::string& address,
    const std::string& password
) {
    auto admin = service.admin->admins().Find(email);
    bool queued = service.admin->passwords().Verify(
        admin ? admin->password : std::string(),
        password,
        [&service, call, admin, email, address](bool matches) {
            if (!matches || !admin) {
                return call->respond(ErrorResponse(
                    {ErrorCode::kUnauthorized, "the e-mail or the password is wrong", {}}
                ));
            }
            service.admin->LoginSucceeded(service.ledger, email, address);
            OpenSession(service, call, *admin, "Login successful");
        }
    );
    if (!queued) {
        call->respond(ErrorResponse({ErrorCode::kUnavailable, "too many logins at once", {}}));
    }
}

struct SetupInput {
    std::string token, email, name, password;
};

Result<SetupInput> ReadSetup(const http::Request& request) {
    auto input = Input::OfBody(request);
    if (!input) return Fail(input.error());
    Reader reader(*input);
    SetupInput setup;
    setup.token = reader.RequiredText("token");
    setup.email = Lower(Trim(reader.RequiredText("email")));
    setup.name = reader.RequiredText("name");
    setup.password = reader.RequiredText("password");
    if (!domain::IsHtmlEmail(setup.email)) reader.Refuse("email", "is not an e-mail address");
    if (setup.password.size() < kPasswordBytesMin || setup.password.size() > kMaxPasswordBytes) {
        reader.Refuse("password", fmt::format("must have {} to 1024 bytes", kPasswordBytesMin));
    }
    if (reader.error()) return Fail(*reader.error());
    return setup;
}

void FinishSetup(
    Service& service,
    std::shared_ptr<Call> call,
    const SetupInput& setup,
    const Result<std::string>& password_hash
) {
    if (!password_hash) {
        service.admin->ReturnSetupToken(setup.token);
        return call->respond(ErrorResponse(password_hash.error()));
    }
    service.admin->admins().Create(
        service.ledger,
        setup.email,
        setup.name,
        *password_hash,
        [&service, call, token = setup.token](Result<Admin> admin) {
            if (!admin) {
                service.admin->ReturnSetupToken(token);
                return call->respond(ErrorResponse(admin.error()));
            }
            OpenSession(service, call, *admin, "Admin created");
        }
    );
}

}  // namespace

Result<bool> AdminAuth::LoadFrom(store::Engine& engine) {
    auto admins = admins_.LoadFrom(engine);
    return admins ? sessions_.LoadFrom(engine) : std::move(admins);
}

void AdminAuth::BeginLogin(
    ledger::Ledger& ledger,
    const std::string& account,
    const std::string& address,
    SharedLoginGuard::BeginDone done
) {
    if (!shared_guard_) return done(guard_.Begin(account, address, SteadyMs()));
    SharedLoginGuard::Begin(ledger, account, address, Time::Now(), std::move(done));
}

void AdminAuth::LoginSucceeded(
    ledger::Ledger& ledger, const std::string& account, const std::string& address
) {
    if (!shared_guard_) return guard_.Succeeded(account, address);
    SharedLoginGuard::Succeeded(ledger, account, address);
}

std::string AdminAuth::NewSetupToken() {
    std::string token = NewSecret("bkt_");
    std::lock_guard lock(mutex_);
    setup_hash_ = HashSecret(token);
    setup_until_ = std::chrono::steady_clock::now() + kSetupLife;
    return token;
}

bool AdminAuth::IsSetupTokenLocked(std::string_view token) const {
    if (setup_hash_.empty() || std::chrono::steady_clock::now() >= setup_until_) return false;
    // The way to the first admin only, whoever made one meanwhile.
    return admins_.empty() && ConstantTimeEquals(HashSecret(token), setup_hash_);
}

bool AdminAuth::IsSetupToken(std::string_view token) {
    std::lock_guard lock(mutex_);
    return IsSetupTokenLocked(token);
}

bool AdminAuth::TakeSetupToken(std::string_view token) {
    std::lock_guard lock(mutex_);
    if (!IsSetupTokenLocked(token)) return false;
    setup_hash_.clear();
    return true;
}

void AdminAuth::ReturnSetupToken(std::string_view token) {
    std::lock_guard lock(mutex_);
    if (setup_hash_.empty()) setup_hash_ = HashSecret(token);
}

std::optional<SessionToken> SessionTokenOf(const http::Request& request) {
    if (auto header = request.Header("authorization")) {
        if (header->size() <= 7 || !http::EqualNoCase(header->substr(0, 7), "bearer ")) {
            return std::nullopt;
        }
        return SessionToken{std::string(Trim(header->substr(7))), false};
    }
    const std::string wanted = std::string(kSessionCookie) + "=";
    for (std::string_view line : request.HeaderValues("cookie")) {
        while (!line.empty()) {
            const size_t end = line.find(';');
            std::string_view pair = Trim(line.substr(0, end));
            if (pair.starts_with(wanted)) {
                return SessionToken{std::string(pair.substr(wanted.size())), true};
            }
            if (end == std::string_view::npos) break;
            line.remove_prefix(end + 1);
        }
    }
    return std::nullopt;
}

bool CookieOriginOk(const http::Request& request) {
    auto origin = request.Header("origin");
    auto host = request.Header("host");
    if (!origin || !host || host->empty()) return false;
    const size_t at = origin->find("://");
    if (at == std::string_view::npos) return false;
    return http::EqualNoCase(origin->substr(at + 3), *host);
}

std::optional<Caller> AdminOf(Service& service, const http::Request& request) {
    auto token = SessionTokenOf(request);
    if (!token || !service.admin) return std::nullopt;
    auto session = service.admin->sessions().Find(service.ledger, token->text, Time::Now());
    if (!session) return std::nullopt;
    auto admin = service.admin->admins().Find(session->email);
    if (!admin || PasswordMark(*admin) != session->mark) return std::nullopt;
    Caller caller;
    caller.scope = Scope::kAdmin;
    caller.name = "admin:" + session->email;
    caller.by_cookie = token->by_cookie;
    return caller;
}

void AdminLogin(Service& service, std::shared_ptr<Call> call) {
    if (auto refused = RefuseForeignPage(call->request)) return call->respond(*refused);
    auto input = Input::OfBody(call->request);
    if (!input) return call->respond(ErrorResponse(input.error()));
    Reader reader(*input);
    const std::string email = Lower(Trim(reader.RequiredText("email")));
    const std::string password = reader.RequiredText("password");
    if (reader.error()) return call->respond(ErrorResponse(*reader.error()));

    const std::string address = RateLimit::Key(ClientOf(service, call->request));
    service.admin->BeginLogin(
        service.ledger,
        email,
        address,
        [&service, call, email, address, password](Result<std::optional<int>> wait) {
            if (!wait) return call->respond(ErrorResponse(wait.error()));
            if (*wait) return RefuseForNow(*call, **wait);
            CheckPassword(service, call, email, address, password);
        }
    );
}

void AdminSetup(Service& service, std::shared_ptr<Call> call) {
    if (auto refused = RefuseForeignPage(call->request)) return call->respond(*refused);
    auto setup = ReadSetup(call->request);
    if (!setup) return call->respond(ErrorResponse(setup.error()));
    if (!service.admin->TakeSetupToken(setup->token)) {
        return call->respond(
            ErrorResponse({ErrorCode::kUnauthorized, "this setup link is not valid any more", {}})
        );
    }
    bool queued = service.admin->passwords().Hash(
        setup->password,
        [&service, call, setup = *setup](Result<std::string> hash) {
            FinishSetup(service, call, setup, hash);
        }
    );
    if (!queued) {
        service.admin->ReturnSetupToken(setup->token);
        call->respond(ErrorResponse({ErrorCode::kUnavailable, "too many logins at once", {}}));
    }
}

void AdminProfile(Service& service, std::shared_ptr<Call> call) {
    auto caller = AdminOf(service, call->request);
    if (!caller && !std::exchange(call->looked_up, true)) {
        if (LookUpFirst(service, call->request, [&service, call] {
                AdminProfile(service, call);
            })) {
            return;
        }
    }
    auto admin = caller ? service.admin->admins().Find(caller->name.substr(6)) : std::nullopt;
    if (!admin) {
        return call->respond(ErrorResponse({ErrorCode::kUnauthorized, "log in first", {}}));
    }
    call->respond(Answer(200, {{"success", true}, {"data", DataOf(*admin)}}));
}

void AdminLogout(Service& service, std::shared_ptr<Call> call) {
    auto token = SessionTokenOf(call->request);
    if (!token) {
        return call->respond(ErrorResponse({ErrorCode::kUnauthorized, "log in first", {}}));
    }
    if (token->by_cookie && !CookieOriginOk(call->request)) {
        return call->respond(
            ErrorResponse({ErrorCode::kForbidden, "the request comes from another site", "Origin"})
        );
    }
    service.admin->sessions()
        .End(service.ledger, token->text, [&service, call](Result<bool> ended) {
            if (!ended) return call->respond(ErrorResponse(ended.error()));
            auto response = Answer(200, {{"success", true}, {"message", "Logged out"}});
            response.headers.emplace_back("Set-Cookie", CookieFor(service, call->request, ""));
            call->respond(std::move(response));
        });
}

}  // namespace barracuda::api
