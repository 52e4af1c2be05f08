#include "delivery/retry.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace barracuda::delivery {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr milliseconds kSchedule[] = {
    seconds(5),
    seconds(30),
    minutes(2),
    minutes(10),
    hours(1),
    hours(4),
    hours(8),
    hours(20),
    hours(36),
};
static_assert(std::size(kSchedule) == kAttemptsMax - 1);

constexpr double kJitter = 0.2;

}  // namespace

AttemptClass Classify(int status, bool transport_error) {
    if (transport_error || status < 200) return AttemptClass::kRetry;
    if (status < 300) return AttemptClass::kAccepted;
    switch (status) {
        case 400:
        case 410:
        case 422:
            return AttemptClass::kFinal;
        case 408:
        case 425:
        case 429:
            return AttemptClass::kRetry;
        default:
            // 3xx nobody followed, 401, 403, 404 and the other 4xx: a wrong address or token.
            return status < 500 ? AttemptClass::kAlarm : AttemptClass::kRetry;
    }
}

std::optional<milliseconds> RetryDelay(int attempts_done, double unit_random) {
    if (attempts_done >= kAttemptsMax) return std::nullopt;
    if (attempts_done < 1) return milliseconds(0);
    const double factor = 1 - kJitter + 2 * kJitter * std::clamp(unit_random, 0.0, 1.0);
    const auto delay = kSchedule[static_cast<size_t>(attempts_done - 1)];
    return std::chrono::duration_cast<milliseconds>(delay * factor);
}

}  // namespace barracuda::delivery
