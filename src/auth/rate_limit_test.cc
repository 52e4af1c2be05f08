#include "auth/rate_limit.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace barracuda::auth {
namespace {

constexpr std::int64_t kStart = 1'000'000'000;

int Allowed(RateLimit& limit, const std::string& address, int calls, std::int64_t now) {
    int allowed = 0;
    for (int i = 0; i < calls; ++i) allowed += !limit.Check(address, now).has_value();
    return allowed;
}

TEST(RateLimit, AMinutesWorthAtOnceThenOneByOne) {
    RateLimit limit({.per_minute = 60});
    EXPECT_EQ(Allowed(limit, "1.1.1.1", 100, kStart), 60);
    EXPECT_EQ(limit.Check("1.1.1.1", kStart), 1);
    EXPECT_EQ(limit.Check("1.1.1.1", kStart + 999), 1);
    EXPECT_EQ(Allowed(limit, "1.1.1.1", 10, kStart + 1000), 1);
    EXPECT_EQ(Allowed(limit, "1.1.1.1", 10, kStart + 5000), 4);
    EXPECT_EQ(Allowed(limit, "2.2.2.2", 100, kStart), 60) << "addresses do not share";
    EXPECT_EQ(Allowed(limit, "1.1.1.1", 100, kStart + 3'600'000), 60) << "no more is saved up";
}

TEST(RateLimit, WaitIsWholeSecondsUp) {
    RateLimit limit({.per_minute = 4});
    EXPECT_EQ(Allowed(limit, "a", 10, kStart), 4);
    EXPECT_EQ(limit.Check("a", kStart), 15);
    EXPECT_EQ(limit.Check("a", kStart + 1), 15);
    EXPECT_EQ(limit.Check("a", kStart + 14'500), 1);
    EXPECT_EQ(limit.Check("a", kStart + 15'000), std::nullopt);
}

TEST(RateLimit, OneAMinuteAndOff) {
    RateLimit one({.per_minute = 1});
    EXPECT_EQ(one.Check("a", kStart), std::nullopt);
    EXPECT_EQ(one.Check("a", kStart), 60);
    EXPECT_EQ(one.Check("a", kStart + 60'000), std::nullopt);
    RateLimit off({.per_minute = 0});
    EXPECT_EQ(Allowed(off, "a", 1000, kStart), 1000);
    EXPECT_EQ(off.Size(), 0u);
}

TEST(RateLimit, Ipv6CountsBySubscriber) {
    RateLimit limit({.per_minute = 2});
    EXPECT_EQ(limit.Check("2001:db8:0:1::1", kStart), std::nullopt);
    EXPECT_EQ(limit.Check("2001:db8:0:1:ffff::9", kStart), std::nullopt);
    EXPECT_TRUE(limit.Check("2001:db8:0:1::2", kStart));
    EXPECT_EQ(limit.Check("2001:db8:0:2::1", kStart), std::nullopt);
}

std::string Of(int network, int subscriber) {
    return "2001:db8:" + std::to_string(network) + ":" + std::to_string(subscriber) + "::1";
}

TEST(RateLimit, AWholeNetworkCountsAsTenAddresses) {
    RateLimit limit({.per_minute = 6});
    int allowed = 0;
    for (int i = 0; i < 1000; ++i) allowed += !limit.Check(Of(1, i), kStart);
    EXPECT_EQ(allowed, 60) << "of 1,000 /64s of one /48";
    EXPECT_EQ(Allowed(limit, Of(2, 1), 10, kStart), 6) << "another /48";
    EXPECT_EQ(Allowed(limit, Of(1, 2000), 10, kStart + 10'000), 6)
        << "what was refused is not paid";
    EXPECT_EQ(Allowed(limit, "1.1.1.1", 10, kStart), 6);
}

TEST(RateLimit, AllTogetherHaveACeiling) {
    RateLimit limit({.per_minute = 6, .total_per_minute = 100});
    int allowed = 0;
    for (int i = 0; i < 1000; ++i) allowed += !limit.Check("h" + std::to_string(i % 500), kStart);
    EXPECT_EQ(allowed, 100);
    EXPECT_EQ(limit.Check("new", kStart), 1);
    EXPECT_EQ(Allowed(limit, "new", 10, kStart + 6'000), 6)
        << "what the ceiling refused is not paid";
    RateLimit off({.per_minute = 0, .total_per_minute = 1});
    EXPECT_EQ(Allowed(off, "a", 100, kStart), 100) << "off is off";
}

TEST(RateLimit, MemoryIsBoundedAndTheOldestGoes) {
    RateLimit limit({.per_minute = 1, .addresses = 1600});
    EXPECT_EQ(limit.Check("busy", kStart), std::nullopt);
    for (int i = 0; i < 50'000; ++i) {
        EXPECT_EQ(limit.Check("host" + std::to_string(i), kStart), std::nullopt);
        if (i % 10 == 0) {
            EXPECT_TRUE(limit.Check("busy", kStart)) << "seen lately: kept";
        }
    }
    EXPECT_LE(limit.Size(), 1600u);
    EXPECT_EQ(limit.Check("host0", kStart), std::nullopt) << "forgotten: starts anew";
}

TEST(RateLimit, ManyThreadsShareOneCount) {
    RateLimit limit({.per_minute = 1000, .addresses = 64});
    std::atomic<int> allowed = 0;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&, t] {
                for (int i = 0; i < 1000; ++i) {
                    allowed += !limit.Check("1.1.1.1", kStart).has_value();
                    (void)limit.Check(std::to_string(t % 2), kStart);
                }
            });
        }
    }
    EXPECT_EQ(allowed, 1000);
}

}  // namespace
}  // namespace barracuda::auth
