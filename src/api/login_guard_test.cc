#include "api/login_guard.h"

#include <gtest/gtest.h>

namespace barracuda::api {
namespace {

TEST(LoginGuard, TenAreFreeThenOneIn30Seconds) {
    LoginGuard guard;
    for (int i = 0; i < 10; ++i) EXPECT_FALSE(guard.Begin("a", std::to_string(i), i));
    EXPECT_EQ(guard.Begin("a", "other", 10), 30);
    EXPECT_FALSE(guard.Begin("b", "other", 10)) << "another account is free";
    EXPECT_FALSE(guard.Begin("a", "other", 9 + 30'000));
    EXPECT_EQ(guard.Begin("a", "other", 10 + 30'000), 30);
    EXPECT_FALSE(guard.Begin("a", "other", 9 + 30'000 + 15 * 60'000));
    EXPECT_FALSE(guard.Begin("a", "other", 9 + 30'000 + 15 * 60'000)) << "forgotten: free again";
}

TEST(LoginGuard, AddressesCountOverAccounts) {
    LoginGuard guard;
    for (int i = 0; i < 10; ++i) EXPECT_FALSE(guard.Begin(std::to_string(i), "x", 0));
    EXPECT_TRUE(guard.Begin("new", "x", 0));
    EXPECT_FALSE(guard.Begin("new", "y", 0));
}

TEST(LoginGuard, SuccessTakesTheAttemptBack) {
    LoginGuard guard;
    for (int i = 0; i < 100; ++i) {
        ASSERT_FALSE(guard.Begin("a", "x", 0)) << i;
        guard.Succeeded("a", "x");
    }
    for (int i = 0; i < 9; ++i) EXPECT_FALSE(guard.Begin("victim", "x", 0));
    EXPECT_FALSE(guard.Begin("a", "x", 0));
    guard.Succeeded("a", "x");
    EXPECT_FALSE(guard.Begin("victim", "x", 0));
    EXPECT_TRUE(guard.Begin("victim", "x", 0)) << "one's own success frees no guesses at others";
}

TEST(LoginGuard, MemoryIsBounded) {
    LoginGuard guard(4);
    for (int i = 0; i < 1000; ++i) guard.Begin(std::to_string(i), std::to_string(i), i);
    for (int i = 0; i < 10; ++i) guard.Begin("a", "x", 2000);
    EXPECT_TRUE(guard.Begin("a", "x", 2000));
}

}  // namespace
}  // namespace barracuda::api
