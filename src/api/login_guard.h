// Slows the guessing of passwords: the first ten failures of an account or of an address are free,
// then one attempt every 30 s, until 15 minutes pass without one.
//
// An attempt counts as failed from its start, so that many at once gain nothing; success takes it
// back. Memory is bounded: beyond `keys_max` the one unseen for longest is forgotten.
//
// Threads: from any thread. Time is milliseconds of any clock that never goes back.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace barracuda::api {

class LoginGuard {
public:
    static constexpr int kFreeFailures = 10;
    static constexpr std::int64_t kIntervalMs = 30'000;
    static constexpr std::int64_t kForgetMs = 15 * 60'000;

    explicit LoginGuard(std::size_t keys_max = 4096) : keys_max_(keys_max) {}

    // Counts one attempt. Nullopt: go on; else the whole seconds to wait, and nothing was counted.
    std::optional<int> Begin(
        const std::string& account, const std::string& address, std::int64_t now_ms
    );
    void Succeeded(const std::string& account, const std::string& address);

private:
    struct Entry {
        int failures = 0;
        std::int64_t last_ms = 0;
    };
    std::optional<int> WaitOf(const std::string& key, std::int64_t now_ms);
    void Count(const std::string& key, std::int64_t now_ms);
    void MakeRoom();

    const std::size_t keys_max_;
    std::mutex mutex_;
    std::unordered_map<std::string, Entry> entries_;
};

}  // namespace barracuda::api
