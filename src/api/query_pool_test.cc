#include "api/query_pool.h"

#include <gtest/gtest.h>

#include <atomic>

namespace barracuda::api {
namespace {

// An erasure that outlasted the listeners asked a pool that was no more.
TEST(QueryPool, AfterAStopItRefusesAndWhatWaitedIsDone) {
    std::atomic<int> done = 0;
    std::atomic<bool> hold = true;
    QueryPool pool(2, 16);
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(pool.Run([&] {
            while (hold) std::this_thread::yield();
            ++done;
        }));
    }
    std::thread later([&] { hold = false; });
    pool.Stop();
    later.join();
    EXPECT_EQ(done, 10);
    EXPECT_FALSE(pool.Run([&] { ++done; }));
    pool.Stop();
    EXPECT_EQ(done, 10);
}

TEST(QueryPool, ItIsBounded) {
    std::atomic<bool> hold = true;
    QueryPool pool(1, 4);
    int taken = 0;
    while (pool.Run([&] {
        while (hold) std::this_thread::yield();
    })) {
        ++taken;
    }
    EXPECT_GE(taken, 4);
    EXPECT_LE(taken, 5);
    hold = false;
}

}  // namespace
}  // namespace barracuda::api
