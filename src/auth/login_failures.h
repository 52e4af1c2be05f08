// The table behind the guard against guessing passwords (login_guard.h): failures by key.
//
// A key is free for its first failures, then there is one attempt every 30 s, until 15 minutes pass
// without one. Space is bounded for each kind of key apart; beyond the bound the key with the
// fewest failures goes, of those the one unseen for longest: a flood of new keys pushes out its
// own.
//
// A plain value, no thread of its own. Time is milliseconds of one clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace barracuda::auth {

// The numbers are stored.
enum class LoginKind { kAddress = 0, kNetwork = 1, kAccount = 2, kDevice = 3 };

struct LoginKey {
    LoginKind kind = LoginKind::kAddress;
    std::string text = {};
};

class LoginFailures {
public:
    static constexpr int kFreeFailures = 10;
    static constexpr int kFreeOfNetwork = 100;  // a /48 has 65,536 times what one subscriber has
    static constexpr std::int64_t kIntervalMs = 30'000;
    static constexpr std::int64_t kForgetMs = 15 * 60'000;
    static constexpr std::int64_t kKnownMs = std::int64_t{30} * 24 * 3'600'000;
    static constexpr std::int64_t kSkewMs = 60'000;   // of the clocks of nodes that share a table
    static constexpr std::size_t kAddressesKept = 8;  // of an account

    struct Entry {
        LoginKind kind = LoginKind::kAddress;
        int failures = 0;
        std::int64_t last_ms = 0;
        bool known = false;                       // of a device: a login succeeded, kept for 30 d
        std::vector<std::string> addresses = {};  // of an account: who failed last
    };

    // Whole seconds to wait; nullopt: none.
    std::optional<int> WaitOf(const LoginKey& key, std::int64_t now_ms) const;
    bool Knows(const LoginKey& device, std::int64_t now_ms) const;

    // A failure that lies in the future, by more than clocks differ, counts as now: the clock was
    // set back, and nobody is to wait for the whole step. True when there was one.
    bool SetBack(const LoginKey& key, std::int64_t now_ms);
    // `address` is noted with an account, to be forgotten with it; empty: none.
    void Count(
        const LoginKey& key,
        std::int64_t now_ms,
        std::size_t keys_max,
        std::string_view address = {}
    );
    void TakeBack(const LoginKey& key);  // one of them
    void Know(const LoginKey& device, std::int64_t now_ms, std::size_t keys_max);
    void Forget(const LoginKey& key) { entries_.erase(key.text); }
    // Forgets it; the addresses that failed on it, for the same.
    std::vector<std::string> ForgetAccount(const LoginKey& key);

    const std::unordered_map<std::string, Entry>& entries() const { return entries_; }

private:
    friend LoginFailures DecodeFailures(std::string_view bson);
    Entry& Take(const LoginKey& key, std::int64_t now_ms, std::size_t keys_max);

    std::unordered_map<std::string, Entry> entries_;
};

// The document's codec; `rev` is the one it carries.
std::string EncodeFailures(const std::string& id, const LoginFailures& failures, std::int64_t rev);
LoginFailures DecodeFailures(std::string_view bson);

}  // namespace barracuda::auth
