#include "ledger/many.h"

#include <algorithm>

#include "base/check.h"

namespace barracuda::ledger {

namespace {

using Clock = std::chrono::steady_clock;

// Between two looks at a lane that others have filled: nobody tells when it has room.
constexpr std::chrono::milliseconds kLook{5};

constexpr unsigned kWritersThread = static_cast<unsigned>(-1);  // is no io thread

Error Full() { return {ErrorCode::kUnavailable, "too many reports wait already, try again", {}}; }

}  // namespace

Many::Many(Ledger& ledger, const ManyOptions& options, Heard heard)
    : ledger_(ledger), options_(options), heard_(std::move(heard)) {
    BARRACUDA_CHECK(options.under_way_max > 0 && heard_);
}

Many::~Many() { Wait(); }

void Many::WaitFor(size_t under_way) {
    MutexLock lock(mutex_);
    if (under_way_ <= under_way) return;
    wanted_ = under_way;
    waits_ = true;
    fewer_.wait(lock, [&]() REQUIRES(mutex_) { return under_way_ <= under_way; });
    waits_ = false;
}

void Many::Begin() {
    MutexLock lock(mutex_);
    ++under_way_;
}

void Many::Answered() {
    MutexLock lock(mutex_);
    BARRACUDA_CHECK(under_way_ > 0);
    // Under the lock: who waits may end us as soon as it is free.
    if (--under_way_ <= wanted_ && waits_) fewer_.notify_one();
}

// The lane was full. False: and it has been so for long enough.
bool Many::MakeRoom() {
    size_t ours = 0;
    {
        MutexLock lock(mutex_);
        ours = under_way_;
        const auto now = Clock::now();
        if (ours == 0 && !full_since_) {
            full_since_ = now;
            return true;  // full of ours perhaps, which have been answered since: looked at again
        }
        if (ours == 0 && now >= *full_since_ + options_.patience) return false;
        if (ours == 0) fewer_.wait_for(lock, kLook);
    }
    if (ours > 0) WaitFor(ours / 2);  // a good part of them at once, not one by one
    return true;
}

void Many::Add(domain::Command command, size_t number) {
    // Woken a quarter later, not for each answer.
    const size_t most = options_.under_way_max;
    bool full = false;
    {
        MutexLock lock(mutex_);
        full = under_way_ >= most;
    }
    if (full) WaitFor(most - std::max<size_t>(most / 4, 1));
    for (;;) {
        Begin();
        auto answer = [this, number](Result<domain::Decision> decision) {
            heard_(number, std::move(decision));
            Answered();
        };
        if (options_.alone) {
            const bool taken = ledger_.Submit(std::move(command), kWritersThread, answer);
            BARRACUDA_CHECK(taken);
            return;
        }
        if (ledger_.Submit(command, kWritersThread, answer)) {
            full_since_.reset();
            return;
        }
        Answered();  // it is not under way
        if (!MakeRoom()) return heard_(number, Fail(Full()));
    }
}

}  // namespace barracuda::ledger
