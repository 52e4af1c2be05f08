#include "delivery/pace.h"

#include <gtest/gtest.h>

namespace barracuda::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class PaceTest : public testing::Test {
protected:
    // Takes whatever is allowed for this long, looking every millisecond; how many.
    int Run(Pace& pace, milliseconds time) {
        int taken = 0;
        for (milliseconds at{0}; at < time; at += milliseconds(1), now_ += milliseconds(1)) {
            for (; pace.Allows(now_) && taken < 1'000'000; ++taken) {
                pace.Take(now_);
                if (pace.rate() == 0) break;  // 1,000/s is all that this test would send
            }
        }
        return taken;
    }
    void Ask(Pace& pace) {
        for (int i = 0; i < Pace::kAsksLeast; ++i) pace.Answered(now_, true);
    }
    Instant now_ = Instant{} + std::chrono::hours(1);
};

TEST_F(PaceTest, HoldsTheRateWithinTwoPercent) {
    for (double rate : {1.0, 7.0, 100.0, 3'000.0}) {
        Pace pace(rate);
        Run(pace, seconds(5));
        EXPECT_NEAR(Run(pace, seconds(100)), rate * 100, rate * 2) << rate;
    }
}

TEST_F(PaceTest, HoldsTheRateOverAnySecondAfterAQuietHour) {
    Pace pace(100);
    Run(pace, seconds(1));
    now_ += std::chrono::hours(1);
    EXPECT_LE(Run(pace, seconds(1)), 103);
}

TEST_F(PaceTest, TellsWhenTheNextMayBegin) {
    Pace pace(10);
    while (pace.Allows(now_)) pace.Take(now_);
    const Instant next = pace.next(now_);
    EXPECT_GT(next, now_);
    EXPECT_LE(next, now_ + milliseconds(100));
    EXPECT_TRUE(pace.Allows(next));
    EXPECT_EQ(pace.next(next), next);
}

TEST_F(PaceTest, WithoutARateNothingIsHeldBack) {
    Pace pace;
    for (int i = 0; i < 100'000; ++i) {
        ASSERT_TRUE(pace.Allows(now_));
        pace.Take(now_);
    }
}

TEST_F(PaceTest, HalvesWhenAskedAndGrowsBackToTheRate) {
    Pace pace(100);
    Run(pace, seconds(2));
    Ask(pace);
    EXPECT_EQ(pace.rate(), 50);
    Ask(pace);
    EXPECT_EQ(pace.rate(), 50) << "answers of one moment count once";
    now_ += seconds(1);
    Ask(pace);
    EXPECT_NEAR(pace.rate(), 29, 1);
    const int slow = Run(pace, seconds(5));
    EXPECT_LT(slow, 250);
    Run(pace, seconds(30));
    EXPECT_EQ(pace.rate(), 100);
    EXPECT_FALSE(pace.slowed());
    EXPECT_NEAR(Run(pace, seconds(10)), 1'000, 20);
}

TEST_F(PaceTest, WithoutARateItStartsFromHalfOfWhatWasSent) {
    Pace pace;
    Run(pace, seconds(3));  // 1,000 a second
    Ask(pace);
    EXPECT_NEAR(pace.rate(), 500, 10);
    EXPECT_NEAR(Run(pace, seconds(1)), 536, 30);
    Run(pace, seconds(100));
    EXPECT_EQ(pace.rate(), 0) << "free again";
}

TEST_F(PaceTest, NeverGetsSlowerThanItsLeast) {
    Pace pace(1'000);
    for (int i = 0; i < 100; ++i) {
        Ask(pace);
        now_ += seconds(1);
    }
    EXPECT_GE(pace.rate(), Pace::kLeast);
    EXPECT_GE(Run(pace, seconds(10)), 10);
    Pace gentle(0.1);
    Ask(gentle);
    EXPECT_NEAR(gentle.rate(), 0.1, 0.01) << "what the operator set may be less";
}

TEST_F(PaceTest, AThirdOfSuchAnswersSlowsNothing) {
    Pace pace;
    for (int i = 0; i < 3'000; ++i) {
        pace.Take(now_);
        pace.Answered(now_, i % 3 == 2);
        now_ += std::chrono::milliseconds(1);
    }
    EXPECT_FALSE(pace.slowed());
    for (int i = 0; i < 3'000; ++i) {
        pace.Answered(now_, i % 3 != 2);
        now_ += std::chrono::milliseconds(1);
    }
    EXPECT_TRUE(pace.slowed()) << "two thirds do";
}

TEST_F(PaceTest, AQuietDestinationIsNotSlowedToOneASecond) {
    Pace pace;
    pace.Take(now_);
    Ask(pace);
    EXPECT_EQ(pace.rate(), Pace::kCalm / 2);
}

TEST_F(PaceTest, HoldsUntilTheNamedTime) {
    Pace pace;
    pace.HoldUntil(now_ + seconds(5));
    EXPECT_FALSE(pace.Allows(now_));
    EXPECT_EQ(pace.next(now_), now_ + seconds(5));
    pace.HoldUntil(now_ + seconds(1));
    EXPECT_FALSE(pace.Allows(now_ + seconds(4)));
    EXPECT_TRUE(pace.Allows(now_ + seconds(5)));
}

}  // namespace
}  // namespace barracuda::delivery
