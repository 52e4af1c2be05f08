#include "delivery/pace.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace barracuda::delivery {
namespace {

using Seconds = std::chrono::duration<double>;

// Attempts at once after a quiet time: few, so that the rate holds over any second.
constexpr double kBurstSeconds = 0.02;

static_assert(Pace::kLeast > 0 && Pace::kLeast < Pace::kCalm && Pace::kCalm < Pace::kUnbounded);

}  // namespace

double Pace::Burst() const { return std::max(1.0, rate_ * kBurstSeconds); }

void Pace::Refill(Instant now) {
    if (now <= refilled_) return;
    const double passed = std::min(Seconds(now - refilled_).count(), 3600.0);
    refilled_ = now;
    if (slowed_) {
        const double least = configured_ > 0 ? std::min(kLeast, configured_) : kLeast;
        rate_ = std::max(rate_, least) * std::exp2(passed / Seconds(kDoubling).count());
        const double full = configured_ > 0 ? configured_ : kUnbounded;
        if (rate_ >= full) {
            rate_ = configured_;
            slowed_ = false;
        }
    }
    if (rate_ > 0) tokens_ = std::min(Burst(), tokens_ + rate_ * passed);
}

bool Pace::Allows(Instant now) {
    if (now < held_until_) return false;
    Refill(now);
    return rate_ <= 0 || tokens_ >= 1;
}

void Pace::Take(Instant now) {
    if (rate_ > 0) tokens_ -= 1;
    const auto passed = now - second_;
    if (passed >= std::chrono::seconds(1)) {
        last_second_ = passed < std::chrono::seconds(2) ? this_second_ : 0;
        this_second_ = 0;
        second_ = now;
    }
    ++this_second_;
}

Instant Pace::next(Instant now) {
    if (now < held_until_) return held_until_;
    if (Allows(now)) return now;
    BARRACUDA_CHECK(rate_ > 0);  // without a rate everything is allowed
    const auto wait = Seconds((1 - tokens_) / rate_);
    // Rounded up: an early wake would find the token not there yet.
    return now + std::chrono::ceil<std::chrono::milliseconds>(wait);
}

void Pace::Answered(Instant now, bool asks_to_slow_down) {
    const auto passed = now - counted_from_;
    if (passed >= std::chrono::seconds(1)) {
        before_ = passed < std::chrono::seconds(2) ? now_ : Answers{};
        now_ = {};
        counted_from_ = now;
    }
    ++now_.all;
    now_.asks += asks_to_slow_down;
    const int all = now_.all + before_.all, asks = now_.asks + before_.asks;
    if (asks_to_slow_down && asks >= kAsksLeast && asks * 2 >= all) SlowDown(now);
}

void Pace::SlowDown(Instant now) {
    if (slowed_ && now - slowed_at_ < std::chrono::seconds(1)) return;
    Refill(now);
    const double sent = std::max({this_second_, last_second_, kCalm});
    const double from = rate_ > 0 ? rate_ : sent;
    const double least = configured_ > 0 ? std::min(kLeast, configured_) : kLeast;
    rate_ = std::max(least, from / 2);
    slowed_ = true;
    slowed_at_ = refilled_ = now;
    tokens_ = std::min(tokens_, Burst());
}

void Pace::HoldUntil(Instant until) { held_until_ = std::max(held_until_, until); }

}  // namespace barracuda::delivery
