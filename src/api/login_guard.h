// Slows the guessing of passwords: the first ten failures of an account or of an address are free,
// then one attempt every 30 s, until 15 minutes pass without one.
//
// An attempt counts as failed from its start, so that many at once gain nothing; success takes it
// back. Space is bounded: beyond the bound the key unseen for longest is forgotten.
//
// LoginGuard counts in memory, for a process alone on its store. With other nodes
// SharedLoginGuard counts in the store, so that N nodes do not allow N times as many attempts.
//
// Threads: from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "ledger/ledger.h"

namespace barracuda::api {

// Failures by key: a plain value. Time is milliseconds; one that goes back makes waits longer,
// never shorter.
class LoginFailures {
public:
    static constexpr int kFreeFailures = 10;
    static constexpr std::int64_t kIntervalMs = 30'000;
    static constexpr std::int64_t kForgetMs = 15 * 60'000;

    struct Entry {
        int failures = 0;
        std::int64_t last_ms = 0;
    };

    // Whole seconds to wait; nullopt: none.
    std::optional<int> WaitOf(const std::string& key, std::int64_t now_ms) const;
    void Count(const std::string& key, std::int64_t now_ms, std::size_t keys_max);
    void TakeBack(const std::string& key);  // one of them
    void Forget(const std::string& key) { entries_.erase(key); }

    const std::unordered_map<std::string, Entry>& entries() const { return entries_; }
    void Put(const std::string& key, Entry entry) { entries_[key] = entry; }

private:
    std::unordered_map<std::string, Entry> entries_;
};

class LoginGuard {
public:
    static constexpr int kFreeFailures = LoginFailures::kFreeFailures;
    static constexpr std::int64_t kIntervalMs = LoginFailures::kIntervalMs;
    static constexpr std::int64_t kForgetMs = LoginFailures::kForgetMs;

    explicit LoginGuard(std::size_t keys_max = 4096) : keys_max_(keys_max) {}

    // Counts one attempt. Nullopt: go on; else the whole seconds to wait, and nothing was counted.
    // `now_ms`: of any clock that never goes back.
    std::optional<int> Begin(
        const std::string& account, const std::string& address, std::int64_t now_ms
    );
    void Succeeded(const std::string& account, const std::string& address);

private:
    const std::size_t keys_max_;
    std::mutex mutex_;
    LoginFailures failures_;
};

// Documents `login_guard/00` … `login_guard/3f` in `settings`, each with at most 128 keys, hashed.
// Times are the nodes' wall clocks: one that is a minute ahead makes a wait a minute longer.
class SharedLoginGuard {
public:
    static constexpr unsigned kDocuments = 64;
    static constexpr std::size_t kKeysPerDocument = 128;

    // As LoginGuard, after the count is durable, on the ledger's thread. Errors: the store's.
    using BeginDone = std::function<void(Result<std::optional<int>>)>;
    static void Begin(
        ledger::Ledger& ledger,
        const std::string& account,
        const std::string& address,
        Time now,
        BeginDone done
    );
    static void Succeeded(
        ledger::Ledger& ledger, const std::string& account, const std::string& address
    );
};

// The document's codec; `rev` is the one it carries.
std::string EncodeFailures(const std::string& id, const LoginFailures& failures, std::int64_t rev);
LoginFailures DecodeFailures(std::string_view bson);

}  // namespace barracuda::api
