// Slows the guessing of passwords: the first ten failures of an account or of an address are free,
// then one attempt every 30 s, until 15 minutes pass without one (login_failures.h).
//
// Whoever fails on purpose must not keep the owner out. So the counts of the account and of the
// address bind only who did not log in before: a device that shows the token of an earlier login
// (login_device.h), or without one an address that this account logged in from within 30 days, has
// a count of its own. A new password forgets all of them.
//
// An attempt counts as failed from its start, so that many at once gain nothing; success takes it
// back. Begin it only when the password will be hashed: what nobody looked at is no failure.
//
// LoginGuard counts in memory, for a process alone on its store. With other nodes
// SharedLoginGuard counts in the store, so that N nodes do not allow N times as many attempts.
//
// Threads: from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/client_address.h"
#include "auth/login_failures.h"
#include "base/result.h"
#include "base/thread_safety.h"
#include "ledger/ledger.h"

namespace barracuda::auth {

struct LoginAttempt {
    std::string account = {};  // the e-mail, in lower case
    std::string mark = {};     // PasswordMark of its admin; empty: nobody's
    AddressGroup from = {};
    std::string device = {};  // of a genuine token for this account; empty: none
    bool known = false;       // set by Begin: only the device's own count binds
};

class LoginGuard {
public:
    explicit LoginGuard(std::size_t keys_max = 4096) : keys_max_(keys_max) {}

    // Counts one attempt. Nullopt: go on; else the whole seconds to wait, and nothing was counted.
    // `now_ms`: of any clock that never goes back.
    std::optional<int> Begin(LoginAttempt& attempt, std::int64_t now_ms);
    void Succeeded(const LoginAttempt& attempt, std::int64_t now_ms);
    // All failures on this account, and those of the addresses that failed on it last.
    void Forget(const std::string& account);

private:
    const std::size_t keys_max_;  // of each kind
    Mutex mutex_;
    LoginFailures failures_ GUARDED_BY(mutex_);
};

// Documents `login_guard/00` … `login_guard/3f` in `settings`, each with at most 128 keys of a
// kind, hashed. Times are the nodes' wall clocks: one that is a minute ahead makes a wait a minute
// longer.
class SharedLoginGuard {
public:
    static constexpr unsigned kDocuments = 64;
    static constexpr std::size_t kKeysPerDocument = 128;

    // As LoginGuard, after the count is durable, on the ledger's thread. Errors: the store's, and
    // that of a full lane.
    using BeginDone = std::function<void(Result<std::optional<int>>)>;
    static void Begin(
        ledger::Ledger& ledger, std::shared_ptr<LoginAttempt> attempt, Time now, BeginDone done
    );
    static void Succeeded(ledger::Ledger& ledger, const LoginAttempt& attempt, Time now);
    // `done` once all of it is handed to the ledger.
    static void Forget(
        ledger::Ledger& ledger, const std::string& account, std::function<void(Result<bool>)> done
    );
};

}  // namespace barracuda::auth
