// Ending: how the end of one attempt bears on the queue it came from: its breaker, its pace and its
// counts. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "delivery/attempt.h"

namespace barracuda::delivery {

struct Ending {
    enum class Health {
        kAlive,   // it answered
        kOutage,  // no answer, or a 5xx
        kSilent,  // nothing was learnt: it asked to slow down, or was never called
    };
    Health health = Health::kSilent;
    bool slow_down = false;  // 429, 502, 503 or 504
    bool gone = false;       // 410
    // A 429's Retry-After: holds all of a queue that is slowed down by such answers.
    std::optional<std::chrono::milliseconds> hold{};
    std::chrono::microseconds took{0};
    bool accepted = false, retried = false;  // neither: dead
    int code = 0;                            // of the reply; 0: none came
    std::string error{};                     // empty when accepted

    // `retry_after`: as the answer asked, nullopt when it did not; `retried`: another attempt
    // follows.
    static Ending Of(
        const Attempt& attempt, std::optional<std::chrono::milliseconds> retry_after, bool retried
    );
};

}  // namespace barracuda::delivery
