// Logging in to the admin pages: what the routes of admin_auth.cc share, and what the router asks
// to know an admin by the session.
//
//     std::string NewSetupToken() is called at start when admins().empty(); the app shows it on a
//     terminal or writes it to an owner-only file, never to a log.
//
// Threads: every method from any thread.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "api/login_guard.h"
#include "api/service.h"
#include "api/sessions.h"

namespace barracuda::api {

inline constexpr const char* kSessionCookie = "barracuda_session";

class AdminAuth {
public:
    static constexpr std::chrono::hours kSetupLife{1};

    Result<bool> LoadFrom(store::Engine& engine);

    Admins& admins() { return admins_; }
    Sessions& sessions() { return sessions_; }
    PasswordWorker& passwords() { return passwords_; }

    // Counts one login attempt, in memory or, with other nodes, in the store (login_guard.h).
    // Nullopt: go on; else the seconds to wait. `done` here, or on the ledger's thread.
    void BeginLogin(
        ledger::Ledger& ledger,
        const std::string& account,
        const std::string& address,
        SharedLoginGuard::BeginDone done
    );
    void LoginSucceeded(
        ledger::Ledger& ledger, const std::string& account, const std::string& address
    );
    void CountLoginsInStore() { shared_guard_ = true; }

    // The secret of the one-time link that makes the first admin. Only its hash is kept, in memory:
    // void after an hour, at the next call and at a restart.
    std::string NewSetupToken();
    bool IsSetupToken(std::string_view token);  // without taking it
    // True for exactly one caller; the others must wait for its success or its return.
    bool TakeSetupToken(std::string_view token);
    void ReturnSetupToken(std::string_view token);

private:
    bool IsSetupTokenLocked(std::string_view token) const;

    Admins admins_;
    Sessions sessions_;
    LoginGuard guard_;
    bool shared_guard_ = false;
    std::mutex mutex_;
    std::string setup_hash_;  // empty: none
    std::chrono::steady_clock::time_point setup_until_;
    PasswordWorker passwords_;  // last: its callbacks use the others
};

// The session token of a request: Bearer, or the cookie.
struct SessionToken {
    std::string text;
    bool by_cookie = false;
};
std::optional<SessionToken> SessionTokenOf(const http::Request& request);

// Whether a state-changing request by cookie comes from our own pages: Origin equals the Host. A
// browser always sends Origin with such requests, so none is a no.
bool CookieOriginOk(const http::Request& request);

// The admin whose session the request shows: scope kAdmin, name "admin:E".
std::optional<Caller> AdminOf(Service& service, const http::Request& request);

// POST /api/admin/auth/login, /setup, /logout; GET /api/admin/auth/profile. None needs the router's
// own check of a caller.
void AdminLogin(Service& service, std::shared_ptr<Call> call);
void AdminSetup(Service& service, std::shared_ptr<Call> call);
void SetupPage(Service& service, std::shared_ptr<Call> call);  // setup_page.cc: GET /setup
void AdminProfile(Service& service, std::shared_ptr<Call> call);
void AdminLogout(Service& service, std::shared_ptr<Call> call);

}  // namespace barracuda::api
