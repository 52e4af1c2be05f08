// When a failed attempt is tried again, and which failures are worth it. Pure, any thread.
#pragma once

#include <chrono>
#include <optional>

namespace barracuda::delivery {

constexpr int kAttemptsMax = 10;  // over about three days

enum class AttemptClass {
    kAccepted,
    kRetry,  // their trouble or the line's: tried again
    kAlarm,  // most likely our configuration: tried again, and the operator is told
    kFinal,  // they understood and refused: dead, can be replayed by hand
};

// `status` is the HTTP status of the last reply; `transport_error` says that no whole reply came.
AttemptClass Classify(int status, bool transport_error);

// How long after the end of attempt number `attempts_done` (1 = the first) the next one starts:
// 5 s, 30 s, 2 min, 10 min, 1 h, 4 h, 8 h, 20 h, 36 h, each +-20 % by `unit_random` in [0, 1), so
// that what failed together does not come back together. nullopt after the tenth: the delivery is
// dead.
std::optional<std::chrono::milliseconds> RetryDelay(int attempts_done, double unit_random);

}  // namespace barracuda::delivery
