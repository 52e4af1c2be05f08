#include "delivery/retry.h"

#include <gtest/gtest.h>

namespace barracuda::delivery {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

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

TEST(RetryDelay, FollowsTheSchedule) {
    const int seconds[] = {5, 30, 120, 600, 3600, 14400, 28800, 72000, 129600};
    for (int n = 1; n <= 9; ++n) {
        const auto middle = milliseconds(seconds[n - 1] * 1000);
        EXPECT_NEAR(RetryDelay(n, 0.5)->count(), middle.count(), 1) << n;
        EXPECT_NEAR(RetryDelay(n, 0.0)->count(), middle.count() * 0.8, 1) << n;
        EXPECT_LT(RetryDelay(n, 0.999)->count(), middle.count() * 1.2) << n;
        EXPECT_GT(RetryDelay(n, 0.999)->count(), middle.count() * 1.19) << n;
    }
}

TEST(RetryDelay, EndsAfterTheTenthAttempt) {
    EXPECT_EQ(RetryDelay(10, 0.5), std::nullopt);
    EXPECT_EQ(RetryDelay(1000, 0.5), std::nullopt);
}

TEST(RetryDelay, CoversAboutThreeDays) {
    milliseconds total{0};
    for (int n = 1; n < kAttemptsMax; ++n) total += *RetryDelay(n, 0.5);
    EXPECT_GT(total, hours(60));
    EXPECT_LT(total, hours(84));
}

TEST(RetryDelay, TakesWrongInputWithoutHarm) {
    EXPECT_EQ(RetryDelay(0, 0.5), milliseconds(0));
    EXPECT_EQ(RetryDelay(-1, 0.5), milliseconds(0));
    EXPECT_EQ(RetryDelay(1, 7.0), RetryDelay(1, 1.0));
    EXPECT_EQ(RetryDelay(1, -7.0), RetryDelay(1, 0.0));
}

}  // namespace
}  // namespace barracuda::delivery
