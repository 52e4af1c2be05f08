// When a failed attempt is tried again, and which failures are worth it. The schedule is data; the
// clock and the random source are the caller's. Pure, any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace barracuda::delivery {

enum class AttemptClass {
    kAccepted,
    kRetry,  // their trouble or the line's: tried again
    kAlarm,  // most likely our configuration: tried again, and the operator is told
    kFinal,  // they understood and refused: dead, can be replayed by hand
};

// `status` is the HTTP status of the last reply; `transport_error` says that no whole reply came.
AttemptClass Classify(int status, bool transport_error);

// Whether this status asks us to send less: 429, 502, 503, 504.
bool AsksToSlowDown(int status);
// The destination itself is in trouble (no reply, 5xx), not this one delivery: what the breaker
// counts.
bool IsOutage(int status);
// 410: nothing will ever be taken there again. The destination stops until an operator resumes it.
bool IsGone(int status);

class RetrySchedule {
public:
    // The delay before attempt 1, 2, …: as many attempts as entries. By default ten over about 76
    // hours: 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h. Empty: the default. The
    // first entry is not waited for: a delivery is due at once.
    explicit RetrySchedule(std::vector<std::chrono::milliseconds> delays = {});

    // How long after the end of attempt number `attempts_done` (1 = the first) the next one starts,
    // each +-20 % by `unit_random` in [0, 1), so that what failed together does not come back
    // together. nullopt after the last one: the delivery is dead.
    std::optional<std::chrono::milliseconds> Delay(int attempts_done, double unit_random) const;

    int attempts_max() const { return static_cast<int>(delays_.size()); }

private:
    std::vector<std::chrono::milliseconds> delays_;
};

// The wait of a Retry-After header, given in seconds or as an HTTP date seen from `now`, within [0,
// kRetryAfterMax]; nullopt when it is neither.
inline constexpr std::chrono::hours kRetryAfterMax{24};
std::optional<std::chrono::milliseconds> ParseRetryAfter(std::string_view text, Time now);

// When a failed attempt is due again: by the schedule, and not before the network's Retry-After
// (plus up to 20 %: everybody was told the same moment). nullopt: never.
std::optional<Time> NextAttempt(
    const RetrySchedule& schedule,
    int attempts_done,
    std::optional<std::chrono::milliseconds> retry_after,
    Time now,
    double unit_random
);

}  // namespace barracuda::delivery
