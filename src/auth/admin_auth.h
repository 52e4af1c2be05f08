// Signing in: admins, their sessions, the guard before their passwords and the link that makes the
// first of them, as one object for whoever serves.
//
//     std::string NewSetupToken() is called at start when admins().empty(); the app shows it on a
//     terminal or writes it to an owner-only file, never to a log.
//
// Threads: every method from any thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "auth/admins.h"
#include "auth/credentials.h"
#include "auth/login_guard.h"
#include "auth/sessions.h"
#include "base/thread_safety.h"

namespace barracuda::auth {

class AdminAuth {
public:
    static constexpr std::chrono::hours kSetupLife{1};

    // Admins, then their sessions; may be repeated while serving. Errors: the store's.
    Result<bool> LoadFrom(store::Engine& engine);

    Admins& admins() { return admins_; }
    Sessions& sessions() { return sessions_; }
    PasswordWorker& passwords() { return passwords_; }

    // Counts one login attempt, in memory or, with other nodes, in the store (login_guard.h).
    // Nullopt: go on; else the seconds to wait. `done` here, or on the ledger's thread.
    void BeginLogin(
        ledger::Ledger& ledger,
        std::shared_ptr<LoginAttempt> attempt,
        SharedLoginGuard::BeginDone done
    );
    void LoginSucceeded(ledger::Ledger& ledger, const LoginAttempt& attempt);
    void CountLoginsInStore() { shared_guard_ = true; }
    LoginGuard& guard() { return guard_; }  // the one in memory

    // The secret of the one-time link that makes the first admin. Only its hash is kept, in memory:
    // void after an hour, at the next call and at a restart.
    std::string NewSetupToken();
    bool IsSetupToken(std::string_view token);  // without taking it
    // Takes the token before its admin is made. True for exactly one caller; the others must wait
    // for its success or its return.
    bool TakeSetupToken(std::string_view token);
    void ReturnSetupToken(std::string_view token);

private:
    bool IsSetupTokenLocked(std::string_view token) const REQUIRES(mutex_);

    Admins admins_;
    Sessions sessions_;
    LoginGuard guard_;
    bool shared_guard_ = false;
    Mutex mutex_;
    std::string setup_hash_ GUARDED_BY(mutex_);  // empty: none
    std::chrono::steady_clock::time_point setup_until_ GUARDED_BY(mutex_);
    PasswordWorker passwords_;  // last: its callbacks use the others
};

}  // namespace barracuda::auth
