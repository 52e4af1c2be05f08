// Secrets that people and servers show: API keys, session tokens, passwords.
//
// Keys and tokens are 256 random bits, so a plain SHA-256 is what is kept of them; passwords are
// guessable and get argon2id, which takes some 100 ms and 64 MiB: never on a thread that serves
// connections, hence PasswordWorker.
//
// Threads: every function may be called from any thread. libsodium is initialised on first use.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"

namespace barracuda::api {

// `prefix` and 43 characters of base64url: "bk_" for keys, whatever tells kinds apart in a log.
std::string NewSecret(std::string_view prefix);

// 64 lower hex digits of the SHA-256, for keys and session tokens at rest.
std::string HashSecret(std::string_view secret);

// Takes as long for equal as for different texts of one length.
bool ConstantTimeEquals(std::string_view a, std::string_view b);

// Longest password that is hashed; a longer one is kInvalid, or simply does not match.
inline constexpr std::size_t kMaxPasswordBytes = 1024;

// argon2id in libsodium's own text form (3 passes, 64 MiB). kInvalid: empty or too long a password;
// kUnavailable: no memory. Slow.
Result<std::string> HashPassword(std::string_view password);

// False as well for a hash of any other kind (the seed's bare SHA-256 is never accepted). Slow.
bool VerifyPassword(std::string_view hash, std::string_view password);

// Verifies against a hash nobody has the password of: what a login with an unknown e-mail must
// cost, lest the time of the answer tell which e-mails exist. Always false. Slow.
bool VerifyNobody(std::string_view password);

// Hashes passwords on threads of its own, a few at a time, with a bounded queue before them.
//
// Callbacks run on the worker's threads and must not throw; the caller posts the result to where it
// belongs. Destruction finishes the calls that run and drops those that wait (their callbacks are
// destroyed, never called); it must not happen inside a callback.
class PasswordWorker {
public:
    struct Options {
        int threads = 1;         // calls at a time, 64 MiB each
        std::size_t queue = 32;  // calls that may wait
    };
    explicit PasswordWorker(Options options);
    PasswordWorker() : PasswordWorker(Options{}) {}
    ~PasswordWorker();
    PasswordWorker(const PasswordWorker&) = delete;
    PasswordWorker& operator=(const PasswordWorker&) = delete;

    // False when the queue is full: nothing will be called; answer 503 with Retry-After.
    [[nodiscard]] bool Hash(std::string password, std::function<void(Result<std::string>)> done);
    // An empty hash means that there is no such person: VerifyNobody.
    [[nodiscard]] bool Verify(
        std::string hash, std::string password, std::function<void(bool)> done
    );

private:
    [[nodiscard]] bool Enqueue(std::function<void()> job);
    void Run(std::stop_token stop);

    const std::size_t capacity_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::deque<std::function<void()>> jobs_;
    std::vector<std::jthread> threads_;  // last: stops before what it uses goes
};

}  // namespace barracuda::api
