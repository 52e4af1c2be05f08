// Pace: how many attempts a second a destination gets. A token bucket at the configured rate, which
// halves when the destination asks for less (429, 502, 503, 504) and grows back.
//
//     if (pace.Allows(now)) pace.Take(now);  else wait until pace.next(now);
//     pace.Answered(now, AsksToSlowDown(status));
//
// With no rate configured nothing is held back until it asks for less; then the pace starts from
// half of what was sent in the last second. It doubles every `kDoubling` of quiet, up to the
// configured rate, or until a pace without bound is reached again. Answers of one moment slow it
// once: at most one halving a second, and only while of the answers of the last two seconds at
// least kAsksLeast and at least every second one ask for less. A receiver that fails now and then
// is not overwhelmed: at a third of 503s a pace that halved for each would end at one a second.
//
// The clock is handed in. Threads: one.
#pragma once

#include <chrono>

#include "delivery/breaker.h"

namespace barracuda::delivery {

class Pace {
public:
    static constexpr std::chrono::seconds kDoubling{5};
    static constexpr double kLeast = 1;  // a second; slower than this it never gets
    static constexpr double kCalm = 20;  // a second: slower than half of it nothing is at first
    static constexpr int kAsksLeast = 5;
    static constexpr double kUnbounded = 10'000;  // from here on an unconfigured pace is free again

    // 0: no rate configured.
    explicit Pace(double per_second = 0) : configured_(per_second), rate_(per_second) {}

    bool Allows(Instant now);
    void Take(Instant now);
    Instant next(Instant now);
    void Answered(Instant now, bool asks_to_slow_down);
    // Nothing before `until` (a 429 that names the time).
    void HoldUntil(Instant until);

    double rate() const { return rate_; }  // 0: not bounded
    bool slowed() const { return slowed_; }

private:
    void SlowDown(Instant now);
    void Refill(Instant now);
    double Burst() const;

    double configured_;
    double rate_;
    bool slowed_ = false;
    double tokens_ = 1;
    Instant refilled_{};
    Instant slowed_at_{};
    Instant held_until_{};
    // Attempts of this second and of the one before: what "half of it" is of.
    Instant second_{};
    double this_second_ = 0, last_second_ = 0;
    // Answers since `counted_from_`, a second at most, and of the second before.
    struct Answers {
        int all = 0, asks = 0;
    };
    Instant counted_from_{};
    Answers now_, before_;
};

}  // namespace barracuda::delivery
