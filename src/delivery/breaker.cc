#include "delivery/breaker.h"

#include <algorithm>

#include "base/check.h"

namespace barracuda::delivery {

const char* NameOf(Breaker::State state) {
    static constexpr const char* kNames[] = {"closed", "open", "half_open"};
    return kNames[static_cast<int>(state)];
}

Breaker::State Breaker::state(Instant now) const {
    if (!open_) return State::kClosed;
    return probing_ || now >= open_until_ ? State::kHalfOpen : State::kOpen;
}

bool Breaker::Allows(Instant now) const { return !open_ || (!probing_ && now >= open_until_); }

void Breaker::Began(Instant now) {
    BARRACUDA_CHECK(Allows(now));
    if (open_) probing_ = true;
}

void Breaker::Succeeded(Instant now) {
    if (open_) {
        open_ = probing_ = false;
        pause_ = options_.pause;
        attempts_ = failures_ = 0;
        window_start_ = now;
    }
    failures_in_row_ = 0;
    Count(now, false);
}

void Breaker::Failed(Instant now) {
    if (open_) {
        // Attempts from before it opened end late: only the probe's failure lengthens the pause.
        if (!probing_) return;
        probing_ = false;
        pause_ = std::min(pause_ * 2, options_.pause_max);
        open_until_ = now + pause_;
        return;
    }
    ++failures_in_row_;
    Count(now, true);
    const bool share = attempts_ >= options_.window_attempts_min &&
                       failures_ >= options_.failures_share * attempts_;
    if (share || failures_in_row_ >= options_.failures_max) Open(now);
}

void Breaker::Neutral() { probing_ = false; }

void Breaker::TryAt(Instant at) {
    if (open_ && !probing_) open_until_ = std::min(open_until_, at);
}

void Breaker::Open(Instant now) {
    open_ = true;
    probing_ = false;
    open_until_ = now + pause_;
    failures_in_row_ = 0;
    opened_ = now;
    ++times_opened_;
}

void Breaker::Count(Instant now, bool failed) {
    if (now - window_start_ >= options_.window) {
        window_start_ = now;
        attempts_ = failures_ = 0;
    }
    ++attempts_;
    failures_ += failed;
    BARRACUDA_CHECK(failures_ <= attempts_);  // its share is at most one
}

}  // namespace barracuda::delivery
