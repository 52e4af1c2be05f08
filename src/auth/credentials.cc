#include "auth/credentials.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "base/thread_name.h"

namespace barracuda::auth {
namespace {

constexpr unsigned long long kPasses = 3;
constexpr std::size_t kMemoryBytes = 64 << 20;

static_assert(kMinPasswordBytes < kMaxPasswordBytes);
static_assert(kMaxPasswordBytes <= crypto_pwhash_PASSWD_MAX);
static_assert(kPasses >= crypto_pwhash_argon2id_OPSLIMIT_MIN);
static_assert(kMemoryBytes >= crypto_pwhash_argon2id_MEMLIMIT_MIN);

void Initialise() {
    static const int ready = sodium_init();
    BARRACUDA_CHECK(ready >= 0);
}

// A password in the queue is wiped when the call that holds it is done or dropped.
struct Wiped {
    std::string text;
    explicit Wiped(std::string t) : text(std::move(t)) {}
    ~Wiped() { sodium_memzero(text.data(), text.size()); }
    Wiped(const Wiped&) = delete;
    Wiped& operator=(const Wiped&) = delete;
};

}  // namespace

std::string NewSecret(std::string_view prefix) {
    Initialise();
    std::array<unsigned char, 32> bytes;
    randombytes_buf(bytes.data(), bytes.size());
    constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    std::array<char, sodium_base64_ENCODED_LEN(32, kVariant)> text;
    sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), kVariant);
    sodium_memzero(bytes.data(), bytes.size());
    return std::string(prefix) + text.data();
}

std::string HashSecret(std::string_view secret) {
    Initialise();
    std::array<unsigned char, crypto_hash_sha256_BYTES> digest;
    crypto_hash_sha256(
        digest.data(), reinterpret_cast<const unsigned char*>(secret.data()), secret.size()
    );
    std::array<char, 2 * crypto_hash_sha256_BYTES + 1> hex;
    sodium_bin2hex(hex.data(), hex.size(), digest.data(), digest.size());
    return hex.data();
}

bool ConstantTimeEquals(std::string_view a, std::string_view b) {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string ProblemOfPassword(std::string_view password) {
    if (password.size() < kMinPasswordBytes) {
        return fmt::format("needs at least {} characters", kMinPasswordBytes);
    }
    if (password.size() > kMaxPasswordBytes) {
        return fmt::format("may have {} bytes at most", kMaxPasswordBytes);
    }
    return IsUtf8(password) ? "" : "must be UTF-8";  // a login is JSON, which can hold no other
}

Result<std::string> HashPassword(std::string_view password) {
    if (password.empty() || password.size() > kMaxPasswordBytes) {
        return Fail(ErrorCode::kInvalid, "password: expected 1 to 1024 bytes", "password");
    }
    Initialise();
    std::array<char, crypto_pwhash_STRBYTES> hash;
    const int failed = crypto_pwhash_str_alg(
        hash.data(),
        password.data(),
        password.size(),
        kPasses,
        kMemoryBytes,
        crypto_pwhash_ALG_ARGON2ID13
    );
    if (failed) return Fail(ErrorCode::kUnavailable, "no memory to hash a password");
    return std::string(hash.data());
}

bool VerifyPassword(std::string_view hash, std::string_view password) {
    if (password.empty() || password.size() > kMaxPasswordBytes) return false;
    if (hash.size() >= crypto_pwhash_STRBYTES || !hash.starts_with("$argon2id$")) return false;
    Initialise();
    // libsodium reads up to the first NUL of a buffer of exactly this size.
    std::array<char, crypto_pwhash_STRBYTES> terminated{};
    hash.copy(terminated.data(), hash.size());
    return crypto_pwhash_str_verify(terminated.data(), password.data(), password.size()) == 0;
}

bool VerifyNobody(std::string_view password) {
    static const Result<std::string> hash = HashPassword(NewSecret(""));
    if (hash) VerifyPassword(*hash, password);
    return false;
}

PasswordWorker::PasswordWorker(Options options)
    : known_{.capacity = options.known_queue}, strangers_{.capacity = options.queue} {
    for (int i = 0; i < options.threads; ++i) {
        threads_.emplace_back([this](std::stop_token stop) { Run(stop); });
    }
}

PasswordWorker::~PasswordWorker() {
    for (auto& thread : threads_) thread.request_stop();
    threads_.clear();
    // Waiting jobs go here, not with the members: their places lock the mutex to give themselves
    // back.
    for (Queue* queue : {&known_, &strangers_}) std::exchange(queue->jobs, {}).clear();
}

PasswordWorker::Place PasswordWorker::Reserve(bool known) {
    {
        MutexLock lock(mutex_);
        Queue& queue = QueueOf(known);
        if (queue.taken >= queue.capacity) return nullptr;
        ++queue.taken;
    }
    return Place(new bool(known), [this](const bool* place) {
        MutexLock lock(mutex_);
        BARRACUDA_CHECK(QueueOf(*place).taken > 0);
        --QueueOf(*place).taken;
        delete place;
    });
}

void PasswordWorker::Hash(
    Place place, std::string password, std::function<void(Result<std::string>)> done
) {
    auto held = std::make_shared<Wiped>(std::move(password));
    Enqueue(std::move(place), [held, done = std::move(done)] { done(HashPassword(held->text)); });
}

void PasswordWorker::Verify(
    Place place, std::string hash, std::string password, std::function<void(bool)> done
) {
    auto held = std::make_shared<Wiped>(std::move(password));
    Enqueue(std::move(place), [hash = std::move(hash), held, done = std::move(done)] {
        done(hash.empty() ? VerifyNobody(held->text) : VerifyPassword(hash, held->text));
    });
}

void PasswordWorker::Enqueue(Place place, std::function<void()> run) {
    BARRACUDA_CHECK(place && run);
    {
        MutexLock lock(mutex_);
        Queue& queue = QueueOf(*place);
        queue.jobs.push_back({std::move(place), std::move(run)});
        BARRACUDA_CHECK(queue.jobs.size() <= queue.taken);  // each job holds a place
        BARRACUDA_CHECK(queue.taken <= queue.capacity);
    }
    wake_.notify_one();
}

void PasswordWorker::Run(std::stop_token stop) {
    NameThread("passwords");
    for (;;) {
        Job job;
        {
            MutexLock lock(mutex_);
            // wait() is true with work there even when a stop was asked for.
            wake_.wait(lock, stop, [this]() REQUIRES(mutex_) {
                return !known_.jobs.empty() || !strangers_.jobs.empty();
            });
            if (stop.stop_requested()) return;
            auto& jobs = known_.jobs.empty() ? strangers_.jobs : known_.jobs;
            job = std::move(jobs.front());
            jobs.pop_front();
        }
        BARRACUDA_CHECK(job.place && job.run);
        job.place.reset();  // without the mutex: giving a place back takes it
        job.run();
    }
}

}  // namespace barracuda::auth
