#include "delivery/ending.h"

#include <gtest/gtest.h>

namespace barracuda::delivery {
namespace {

using Health = Ending::Health;
using std::chrono::milliseconds;

Attempt Answered(int status) {
    Attempt attempt{.status = status};
    attempt.call.url = "https://network.example/goal/1";
    return attempt;
}

TEST(EndingTest, HealthIsTheNetworksAndNotOurs) {
    EXPECT_EQ(Ending::Of(Answered(200), {}, false).health, Health::kAlive);
    EXPECT_EQ(Ending::Of(Answered(404), {}, false).health, Health::kAlive);
    EXPECT_EQ(Ending::Of(Answered(503), {}, true).health, Health::kOutage);
    EXPECT_EQ(Ending::Of(Answered(0), {}, true).health, Health::kOutage) << "no reply came";
    EXPECT_EQ(Ending::Of({}, {}, true).health, Health::kSilent) << "no call was made";
    auto refused = Answered(0);
    refused.refused_address = true;
    EXPECT_EQ(Ending::Of(refused, {}, true).health, Health::kSilent);
    auto own = Answered(0);
    own.own_fault = true;
    EXPECT_EQ(Ending::Of(own, {}, true).health, Health::kSilent);
}

TEST(EndingTest, OnlyA429HoldsTheQueue) {
    const auto told = Ending::Of(Answered(429), milliseconds(7'000), true);
    EXPECT_EQ(told.health, Health::kSilent);
    EXPECT_TRUE(told.slow_down);
    EXPECT_EQ(told.hold, milliseconds(7'000));
    EXPECT_EQ(Ending::Of(Answered(503), milliseconds(7'000), true).hold, std::nullopt);
    EXPECT_TRUE(Ending::Of(Answered(410), {}, false).gone);
}

}  // namespace
}  // namespace barracuda::delivery
