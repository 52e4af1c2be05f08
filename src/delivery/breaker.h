// Breaker: stops sending to a destination that is down, and finds out gently when it is back.
//
//     if (breaker.Allows(now)) { breaker.Began(now); … }          // then exactly one of
//     breaker.Succeeded(now);  breaker.Failed(now);  breaker.Neutral();
//
// Closed: everything passes. It opens after `failures_max` failures in a row, or when the share of
// failures among at least `window_attempts_min` attempts of the last `window` reaches
// `failures_share`. Open: nothing passes for `pause`. Then half-open: one attempt passes, the
// probe; when it succeeds the breaker closes, when it fails the next pause is twice as long, up to
// `pause_max`. Nothing is dropped meanwhile: what does not pass stays due.
//
// The clock is handed in. Threads: one.
#pragma once

#include <chrono>

namespace barracuda::delivery {

using Instant = std::chrono::steady_clock::time_point;

struct BreakerOptions {
    int failures_max = 10;
    std::chrono::milliseconds window{10'000};
    int window_attempts_min = 20;
    double failures_share = 0.7;
    std::chrono::milliseconds pause{1'000};
    std::chrono::milliseconds pause_max{30'000};
};

class Breaker {
public:
    enum class State { kClosed, kOpen, kHalfOpen };

    explicit Breaker(BreakerOptions options = {}) : options_(options), pause_(options.pause) {}

    bool Allows(Instant now) const;
    void Began(Instant now);
    // Any success closes it: also that of an attempt which began before it opened.
    void Succeeded(Instant now);
    void Failed(Instant now);
    // The attempt told nothing about the destination (it never reached it, or was told to slow
    // down): a probe is free again.
    void Neutral();
    // The next probe may go at `at` instead of at the end of the pause.
    void TryAt(Instant at);

    State state(Instant now) const;
    // When Allows may say yes again; only of use while it says no.
    Instant next() const { return probing_ ? Instant::max() : open_until_; }
    int times_opened() const { return times_opened_; }
    Instant opened() const { return opened_; }  // the last time

private:
    void Open(Instant now);
    void Count(Instant now, bool failed);

    BreakerOptions options_;
    bool open_ = false;
    bool probing_ = false;
    Instant open_until_{};
    std::chrono::milliseconds pause_;
    int failures_in_row_ = 0;
    int attempts_ = 0, failures_ = 0;  // since window_start_
    Instant window_start_{};
    int times_opened_ = 0;
    Instant opened_{};
};

const char* NameOf(Breaker::State state);

}  // namespace barracuda::delivery
