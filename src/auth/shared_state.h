// Documents held in memory that other nodes change too (keys, admins, sessions): read again every 2
// s, so that a key revoked or a session ended anywhere ends here within seconds.
//
// A key or session made on another node a moment ago is not known yet: the router has it looked up
// once, on a query thread (LookUp), before it answers 401. When the store could not be read for
// 30 s nobody is let in by memory alone: 503.
//
// Threads: Start, Stop and Add from one; Step from one; the rest from any.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/repeater.h"
#include "base/result.h"
#include "base/thread_safety.h"

namespace barracuda::auth {

class SharedState {
public:
    using Clock = std::chrono::steady_clock;
    using Read = std::function<Result<bool>()>;

    static constexpr std::chrono::milliseconds kEvery{2'000};
    static constexpr std::chrono::milliseconds kStaleAfter{30'000};
    static constexpr int kLookUpsMax = 200;  // between two reads: guessing must not load the store

    explicit SharedState(std::function<Clock::time_point()> now = Clock::now)
        : now_(std::move(now)), read_at_(now_()) {}
    ~SharedState() { Stop(); }

    void Add(Read read) { reads_.push_back(std::move(read)); }
    void Start();
    void Stop() { reader_.Stop(); }
    void Step();  // reads everything

    bool Stale() const;  // nothing could be read for kStaleAfter
    std::chrono::milliseconds Age() const;
    // Whether one more unknown credential may be looked up in the store now.
    bool MayLookUp() { return look_ups_.fetch_add(1) < kLookUpsMax; }

private:
    const std::function<Clock::time_point()> now_;
    std::vector<Read> reads_;
    std::atomic<int> look_ups_ = 0;
    mutable Mutex mutex_;
    Clock::time_point read_at_ GUARDED_BY(mutex_);
    Repeater reader_;  // last: it uses everything above
};

}  // namespace barracuda::auth
