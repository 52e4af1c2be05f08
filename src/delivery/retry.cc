#include "delivery/retry.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "base/check.h"
#include "net/http_date.h"

namespace barracuda::delivery {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr milliseconds kDefault[] = {
    seconds(0),
    seconds(5),
    minutes(5),
    minutes(30),
    hours(2),
    hours(5),
    hours(10),
    hours(14),
    hours(20),
    hours(24),
};

constexpr double kJitter = 0.2;

static_assert(std::is_sorted(std::begin(kDefault), std::end(kDefault)));
static_assert(kJitter > 0 && kJitter < 1);

milliseconds Scale(milliseconds delay, double factor) {
    return std::chrono::duration_cast<milliseconds>(delay * factor);
}

double Unit(double random) { return std::clamp(random, 0.0, 1.0); }

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

bool AsksToSlowDown(int status) {
    return status == 429 || status == 502 || status == 503 || status == 504;
}

bool IsOutage(int status) { return status < 200 || status >= 500; }

bool IsGone(int status) { return status == 410; }

RetrySchedule::RetrySchedule(std::vector<milliseconds> delays) : delays_(std::move(delays)) {
    if (delays_.empty()) delays_.assign(std::begin(kDefault), std::end(kDefault));
    BARRACUDA_CHECK(attempts_max() >= 1);
}

std::optional<milliseconds> RetrySchedule::Delay(int attempts_done, double unit_random) const {
    if (attempts_done < 1) return milliseconds(0);
    if (attempts_done >= attempts_max()) return std::nullopt;
    const double factor = 1 - kJitter + 2 * kJitter * Unit(unit_random);
    return Scale(delays_[static_cast<size_t>(attempts_done)], factor);
}

std::optional<milliseconds> ParseRetryAfter(std::string_view text, Time now) {
    const milliseconds most = kRetryAfterMax;
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    if (text.empty()) return std::nullopt;
    const bool digits =
        std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (digits) {
        int64_t count = 0;
        const auto parsed = std::from_chars(text.data(), text.data() + text.size(), count);
        if (parsed.ec != std::errc()) return most;  // more digits than a number holds
        return std::min(most, milliseconds(std::min<int64_t>(count, most.count()) * 1000));
    }
    const auto date = net::ParseHttpDate(text);
    if (!date) return std::nullopt;
    return std::clamp(milliseconds(date->ms - now.ms), milliseconds(0), most);
}

std::optional<Time> NextAttempt(
    const RetrySchedule& schedule,
    int attempts_done,
    std::optional<milliseconds> retry_after,
    Time now,
    double unit_random
) {
    auto delay = schedule.Delay(attempts_done, unit_random);
    if (!delay) return std::nullopt;
    if (retry_after) {
        const auto asked = std::min<milliseconds>(*retry_after, kRetryAfterMax);
        delay = std::max(*delay, Scale(asked, 1 + kJitter * Unit(unit_random)));
    }
    return Time{now.ms + delay->count()};
}

}  // namespace barracuda::delivery
