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
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/thread_safety.h"

namespace barracuda::auth {

// `prefix` and 43 characters of base64url: "bk_" for keys, whatever tells kinds apart in a log.
std::string NewSecret(std::string_view prefix);

// 64 lower hex digits of the SHA-256, for keys and session tokens at rest.
std::string HashSecret(std::string_view secret);

// Takes as long for equal as for different texts of one length.
bool ConstantTimeEquals(std::string_view a, std::string_view b);

// Bounds of a new password. One outside them that is only shown does not match, whatever is stored.
inline constexpr std::size_t kMinPasswordBytes = 10;
inline constexpr std::size_t kMaxPasswordBytes = 1024;
// The fault of a new password, to follow its name ("needs …"); empty: none.
std::string ProblemOfPassword(std::string_view password);

// argon2id in libsodium's own text form (3 passes, 64 MiB). kInvalid: empty or too long a password;
// kUnavailable: no memory. Slow.
Result<std::string> HashPassword(std::string_view password);

// Whether `hash` is of this password. False as well for a hash of any other kind (the seed's bare
// SHA-256 is never accepted). Slow.
bool VerifyPassword(std::string_view hash, std::string_view password);

// Verifies against a hash nobody has the password of: what a login with an unknown e-mail must
// cost, lest the time of the answer tell which e-mails exist. Always false. Slow.
bool VerifyNobody(std::string_view password);

// Hashes passwords on threads of its own, a few at a time, with two bounded queues before them:
// one for who is known already, served first, so that strangers who fill the other keep nobody out.
// A place in a queue is taken before what leads to the hashing begins, and given back when it is
// let go of or the hashing starts; it must not outlive the worker.
//
// Callbacks run on the worker's threads and must not throw; the caller posts the result to where it
// belongs. Destruction finishes the calls that run and drops those that wait (their callbacks are
// destroyed, never called); it must not happen inside a callback.
class PasswordWorker {
public:
    struct Options {
        int threads = 1;               // calls at a time, 64 MiB each
        std::size_t queue = 32;        // calls of strangers that may wait
        std::size_t known_queue = 16;  // and of the others
    };
    using Place = std::shared_ptr<const bool>;  // whether it is one of the known
    explicit PasswordWorker(Options options);
    PasswordWorker() : PasswordWorker(Options{}) {}
    ~PasswordWorker();
    PasswordWorker(const PasswordWorker&) = delete;
    PasswordWorker& operator=(const PasswordWorker&) = delete;

    // Takes a place in a queue; empty when it is full: answer 503 with Retry-After.
    [[nodiscard]] Place Reserve(bool known);
    void Hash(Place place, std::string password, std::function<void(Result<std::string>)> done);
    // An empty hash means that there is no such person: VerifyNobody.
    void Verify(
        Place place, std::string hash, std::string password, std::function<void(bool)> done
    );

private:
    struct Job {
        Place place;
        std::function<void()> run;
    };
    struct Queue {
        std::size_t capacity = 0;
        std::size_t taken = 0;  // reserved or waiting
        std::deque<Job> jobs = {};
    };
    Queue& QueueOf(bool known) REQUIRES(mutex_) { return known ? known_ : strangers_; }
    void Enqueue(Place place, std::function<void()> run);
    void Run(std::stop_token stop);

    Mutex mutex_;
    std::condition_variable_any wake_;
    Queue known_ GUARDED_BY(mutex_), strangers_ GUARDED_BY(mutex_);
    std::vector<std::jthread> threads_;  // last: stops before what it uses goes
};

}  // namespace barracuda::auth
