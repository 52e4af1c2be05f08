#include "app/descriptors.h"

#include <gtest/gtest.h>

namespace barracuda::app {
namespace {

config::Config Settings(size_t connections, int concurrency, bool ops) {
    config::Config config;
    config.server.threads = 2;
    config.server.ops_listen = ops ? "127.0.0.1:9000" : "";
    config.limits.connections = connections;
    config.delivery.concurrency = concurrency;
    return config;
}

// What the plan hands out, and 40 for what is open whatever happens.
size_t SumOf(const DescriptorPlan& plan, const config::Config& config) {
    return plan.tables + 20 + 2 * plan.calls + plan.connections + plan.refused + 40 + 2 * 4 +
           (config.server.ops_listen.empty() ? 0 : 16);
}

TEST(Descriptors, NoLimitIsHandedOutTwice) {
    for (size_t limit : {150, 200, 256, 512, 1'024, 4'096, 16'384, 20'000, 65'536, 1'048'576}) {
        for (size_t connections : {1, 100, 10'000, 1'000'000}) {
            for (int concurrency : {1, 64, 4'096}) {
                for (bool ops : {false, true}) {
                    const auto config = Settings(connections, concurrency, ops);
                    const auto plan = PlanDescriptors(limit, config);
                    EXPECT_LE(SumOf(plan, config), limit) << limit << " " << connections;
                    EXPECT_GE(plan.connections, 1u);
                    EXPECT_GE(plan.refused, 4u);
                    EXPECT_GE(plan.calls, 8u);
                    EXPECT_GE(plan.tables, 20u);
                }
            }
        }
    }
}

TEST(Descriptors, WhatIsWantedIsEnoughAndOneLessIsSaid) {
    for (size_t connections : {100, 10'000, 100'000}) {
        for (int concurrency : {1, 64, 4'096}) {
            const auto config = Settings(connections, concurrency, false);
            const auto wanted = PlanDescriptors(1'024, config).wanted;
            const auto plan = PlanDescriptors(wanted, config);
            EXPECT_TRUE(plan.enough());
            EXPECT_EQ(plan.connections, connections);
            EXPECT_EQ(plan.calls, CallsAsked(config));
            EXPECT_GE(plan.tables, 1'024u);
            EXPECT_FALSE(PlanDescriptors(wanted - 1, config).enough());
        }
    }
    const auto config = Settings(10'000, 64, false);
    EXPECT_TRUE(PlanDescriptors(20'000, config).enough()) << "the usual limit of a service";
    const auto small = PlanDescriptors(1'024, config);
    EXPECT_GE(small.connections, 300u);
    EXPECT_NE(small.Shortage(config).find("of 10000"), std::string::npos);
}

}  // namespace
}  // namespace barracuda::app
