#include "delivery/retry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

namespace barracuda::delivery {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Classify, SortsEveryStatus) {
    for (int status : {200, 201, 202, 204, 299}) {
        EXPECT_EQ(Classify(status, false), AttemptClass::kAccepted) << status;
    }
    for (int status : {400, 410, 422}) {
        EXPECT_EQ(Classify(status, false), AttemptClass::kFinal) << status;
    }
    for (int status : {300, 301, 302, 307, 308, 401, 403, 404, 405, 451}) {
        EXPECT_EQ(Classify(status, false), AttemptClass::kAlarm) << status;
    }
    for (int status : {0, 101, 408, 425, 429, 500, 502, 503, 504, 599}) {
        EXPECT_EQ(Classify(status, false), AttemptClass::kRetry) << status;
    }
}

TEST(Classify, ABrokenLineIsRetriedWhateverCameBefore) {
    for (int status : {0, 200, 302, 400, 404}) {
        EXPECT_EQ(Classify(status, true), AttemptClass::kRetry) << status;
    }
}

TEST(Classify, KnowsWhatSlowsWhatBreaksAndWhatIsGone) {
    for (int status : {429, 502, 503, 504}) EXPECT_TRUE(AsksToSlowDown(status)) << status;
    for (int status : {0, 200, 400, 410, 500}) EXPECT_FALSE(AsksToSlowDown(status)) << status;
    for (int status : {0, 500, 502, 503, 504, 599}) EXPECT_TRUE(IsOutage(status)) << status;
    for (int status : {200, 302, 400, 404, 408, 429}) EXPECT_FALSE(IsOutage(status)) << status;
    EXPECT_TRUE(IsGone(410));
    EXPECT_FALSE(IsGone(404));
}

TEST(RetrySchedule, IsTheDocumentedOne) {
    const RetrySchedule schedule;
    const int expected[] = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};
    ASSERT_EQ(schedule.attempts_max(), 10);
    milliseconds total{0};
    for (int n = 1; n <= 9; ++n) {
        const auto middle = milliseconds(expected[n - 1] * 1000);
        EXPECT_NEAR(schedule.Delay(n, 0.5)->count(), middle.count(), 1) << n;
        EXPECT_NEAR(schedule.Delay(n, 0.0)->count(), middle.count() * 0.8, 1) << n;
        EXPECT_LT(schedule.Delay(n, 0.999)->count(), middle.count() * 1.2) << n;
        EXPECT_GT(schedule.Delay(n, 0.999)->count(), middle.count() * 1.19) << n;
        total += *schedule.Delay(n, 0.5);
    }
    EXPECT_GT(total, hours(75));
    EXPECT_LT(total, hours(77));
}

TEST(RetrySchedule, EndsAfterTheLastAttempt) {
    EXPECT_EQ(RetrySchedule().Delay(10, 0.5), std::nullopt);
    EXPECT_EQ(RetrySchedule().Delay(1000, 0.5), std::nullopt);
    EXPECT_EQ(RetrySchedule({seconds(0)}).Delay(1, 0.5), std::nullopt);
}

TEST(RetrySchedule, IsData) {
    const RetrySchedule schedule({seconds(0), seconds(1), seconds(9)});
    EXPECT_EQ(schedule.attempts_max(), 3);
    EXPECT_NEAR(schedule.Delay(1, 0.5)->count(), 1000, 1);
    EXPECT_NEAR(schedule.Delay(2, 0.5)->count(), 9000, 1);
    EXPECT_EQ(schedule.Delay(3, 0.5), std::nullopt);
}

TEST(RetrySchedule, TakesWrongInputWithoutHarm) {
    const RetrySchedule schedule;
    EXPECT_EQ(schedule.Delay(0, 0.5), milliseconds(0));
    EXPECT_EQ(schedule.Delay(-1, 0.5), milliseconds(0));
    EXPECT_EQ(schedule.Delay(1, 7.0), schedule.Delay(1, 1.0));
    EXPECT_EQ(schedule.Delay(1, -7.0), schedule.Delay(1, 0.0));
}

TEST(RetryAfter, ReadsSecondsAndDatesWithinItsBound) {
    const Time now{784'111'777'000};  // Sun, 06 Nov 1994 08:49:37 GMT
    EXPECT_EQ(ParseRetryAfter("120", now), seconds(120));
    EXPECT_EQ(ParseRetryAfter(" 0 ", now), seconds(0));
    EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:50:37 GMT", now), seconds(60));
    EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:00:00 GMT", now), seconds(0));
    EXPECT_EQ(ParseRetryAfter("Wed, 06 Nov 2030 08:00:00 GMT", now), hours(24));
    EXPECT_EQ(ParseRetryAfter("999999999", now), hours(24));
    EXPECT_EQ(ParseRetryAfter("99999999999999999999999999", now), hours(24));
    for (const char* text : {"", " ", "-5", "1.5", "soon", "5 s", "0x10"}) {
        EXPECT_EQ(ParseRetryAfter(text, now), std::nullopt) << text;
    }
}

TEST(NextAttempt, IsNotBeforeTheNetworksRetryAfter) {
    const RetrySchedule schedule;
    const Time now{1'000'000};
    auto wait = [&](int done, std::optional<milliseconds> after, double random) {
        return milliseconds(NextAttempt(schedule, done, after, now, random)->ms - now.ms);
    };
    EXPECT_EQ(wait(1, std::nullopt, 0.5), seconds(5));
    EXPECT_EQ(wait(1, seconds(60), 0.0), seconds(60));
    EXPECT_EQ(wait(1, seconds(60), 0.5), seconds(66)) << "they told everybody the same moment";
    EXPECT_EQ(wait(1, seconds(1), 0.5), seconds(5)) << "the schedule is the gentler one";
    EXPECT_LE(wait(1, hours(1000), 0.5), hours(27));
    EXPECT_EQ(NextAttempt(schedule, 10, seconds(60), now, 0.5), std::nullopt);
}

// Deliveries that failed at one moment do not come back at one moment: at every step of the
// schedule the busiest second holds at most twice the mean of the seconds the retries spread over.
TEST(NextAttempt, SpreadsTenThousandFailuresOfOneMoment) {
    constexpr int kFailures = 10'000;
    const RetrySchedule schedule;
    std::mt19937_64 random(7);
    std::uniform_real_distribution<double> unit(0, 1);
    for (const auto after : {std::optional<milliseconds>(), std::optional<milliseconds>(hours(1))})
        for (int done = 1; done < schedule.attempts_max(); ++done) {
            std::map<int64_t, int> seconds;
            int64_t first = INT64_MAX, last = 0;
            for (int i = 0; i < kFailures; ++i) {
                const Time at = *NextAttempt(schedule, done, after, Time{0}, unit(random));
                ++seconds[at.ms / 1000];
                first = std::min(first, at.ms);
                last = std::max(last, at.ms);
            }
            int busiest = 0;
            for (const auto& [second, count] : seconds) busiest = std::max(busiest, count);
            const double mean = kFailures / (static_cast<double>(last - first) / 1000);
            // Where a second holds a handful only, chance alone makes more than twice the mean.
            const double chance = mean >= 30 ? 0 : 6 * std::sqrt(mean) + 3;
            EXPECT_LE(busiest, std::max(2 * mean, mean + chance)) << "attempt " << done + 1;
        }
}

}  // namespace
}  // namespace barracuda::delivery
