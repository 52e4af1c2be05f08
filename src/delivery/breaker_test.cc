#include "delivery/breaker.h"

#include <gtest/gtest.h>

namespace barracuda::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using State = Breaker::State;

class BreakerTest : public testing::Test {
protected:
    void Attempts(int count, bool succeed) {
        for (int i = 0; i < count; ++i) {
            breaker_.Began(now_);
            succeed ? breaker_.Succeeded(now_) : breaker_.Failed(now_);
        }
    }
    Breaker breaker_{{.pause = seconds(5), .pause_max = seconds(30)}};
    Instant now_ = Instant{} + std::chrono::hours(1);
};

TEST_F(BreakerTest, OpensAfterTenFailuresInARow) {
    Attempts(9, false);
    EXPECT_TRUE(breaker_.Allows(now_));
    Attempts(1, true);
    Attempts(9, false);
    EXPECT_EQ(breaker_.state(now_), State::kClosed);
    Attempts(1, false);
    EXPECT_EQ(breaker_.state(now_), State::kOpen);
    EXPECT_FALSE(breaker_.Allows(now_));
    EXPECT_EQ(breaker_.next(), now_ + seconds(5));
}

TEST_F(BreakerTest, OpensWhenMostFail) {
    for (int i = 0; i < 6; ++i) {
        Attempts(1, true);
        Attempts(2, false);
    }
    EXPECT_TRUE(breaker_.Allows(now_)) << "two of three, and too few to tell";
    for (int i = 0; i < 30 && breaker_.Allows(now_); ++i) Attempts(1, i % 6 == 5);
    EXPECT_EQ(breaker_.state(now_), State::kOpen);
    EXPECT_EQ(breaker_.times_opened(), 1);
}

TEST_F(BreakerTest, StaysClosedAtAThirdOfFailures) {
    for (int i = 0; i < 1'000; ++i) {
        Attempts(1, false);
        Attempts(2, true);
        now_ += milliseconds(10);
    }
    EXPECT_EQ(breaker_.times_opened(), 0);
}

TEST_F(BreakerTest, ForgetsOldFailures) {
    for (int i = 0; i < 100; ++i) {
        Attempts(3, false);
        Attempts(1, true);
        now_ += seconds(10);
    }
    EXPECT_EQ(breaker_.times_opened(), 0) << "never 20 attempts within a window";
}

TEST_F(BreakerTest, LetsOneProbePassAndClosesWhenItSucceeds) {
    Attempts(10, false);
    now_ += seconds(5);
    EXPECT_EQ(breaker_.state(now_), State::kHalfOpen);
    ASSERT_TRUE(breaker_.Allows(now_));
    breaker_.Began(now_);
    EXPECT_FALSE(breaker_.Allows(now_)) << "one probe at a time";
    EXPECT_EQ(breaker_.next(), Instant::max());
    breaker_.Succeeded(now_);
    EXPECT_EQ(breaker_.state(now_), State::kClosed);
    Attempts(9, false);
    EXPECT_TRUE(breaker_.Allows(now_)) << "what was before it opened is forgotten";
}

TEST_F(BreakerTest, PausesLongerAfterEveryFailedProbeUpToTheMost) {
    Attempts(10, false);
    for (int pause : {5, 10, 20, 30, 30}) {
        EXPECT_EQ(breaker_.next(), now_ + seconds(pause));
        now_ += seconds(pause);
        ASSERT_TRUE(breaker_.Allows(now_));
        Attempts(1, false);
        EXPECT_FALSE(breaker_.Allows(now_));
    }
    now_ += seconds(30);
    Attempts(1, true);
    Attempts(10, false);
    EXPECT_EQ(breaker_.next(), now_ + seconds(5)) << "it begins anew";
}

TEST_F(BreakerTest, LateEndsOfOldAttemptsDoNotProlongThePause) {
    for (int i = 0; i < 64; ++i) breaker_.Began(now_);
    for (int i = 0; i < 64; ++i) breaker_.Failed(now_ + milliseconds(i));
    EXPECT_EQ(breaker_.next(), now_ + milliseconds(9) + seconds(5));
    EXPECT_EQ(breaker_.times_opened(), 1);
}

TEST_F(BreakerTest, ALateSuccessClosesIt) {
    Attempts(10, false);
    breaker_.Succeeded(now_);
    EXPECT_TRUE(breaker_.Allows(now_));
}

TEST_F(BreakerTest, AProbeThatToldNothingIsReplaced) {
    Attempts(10, false);
    now_ += seconds(5);
    breaker_.Began(now_);
    breaker_.Neutral();
    EXPECT_TRUE(breaker_.Allows(now_));
    EXPECT_EQ(breaker_.state(now_), State::kHalfOpen);
}

}  // namespace
}  // namespace barracuda::delivery
