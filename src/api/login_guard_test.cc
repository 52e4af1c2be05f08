#include "api/login_guard.h"

#include <gtest/gtest.h>

#include <future>

#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

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

// Three nodes over one store.
struct SharedLoginGuardTest : testing::Test {
    std::unique_ptr<store::KvEngine> engine = std::move(*store::KvEngine::Open(
        std::make_unique<store::MemoryKv>(std::make_shared<store::MemoryKv::Data>())
    ));
    ledger::Ledger nodes[3] = {
        {*engine, {.node = "a"}, {}}, {*engine, {.node = "b"}, {}}, {*engine, {.node = "c"}, {}}};

    std::optional<int> Begin(
        int node, const std::string& account, const std::string& from, int at
    ) {
        std::promise<std::optional<int>> wait;
        SharedLoginGuard::Begin(nodes[node], account, from, Time{at}, [&](auto result) {
            EXPECT_TRUE(result);
            wait.set_value(*result);
        });
        return wait.get_future().get();
    }
    void Succeeded(int node, const std::string& account, const std::string& from) {
        SharedLoginGuard::Succeeded(nodes[node], account, from);
        Begin(node, "settles", "settles", 0);
    }
};

TEST_F(SharedLoginGuardTest, NodesCountTogether) {
    int allowed = 0;
    for (int i = 0; i < 60; ++i) allowed += !Begin(i % 3, "victim", std::to_string(i), i);
    EXPECT_EQ(allowed, 10) << "not ten on each node";
    LoginGuard alone[3];
    allowed = 0;
    for (int i = 0; i < 60; ++i) allowed += !alone[i % 3].Begin("victim", std::to_string(i), i);
    EXPECT_EQ(allowed, 30) << "control: memory of each node allows three times as many";
    EXPECT_EQ(Begin(1, "victim", "new", 10), 30);
    EXPECT_FALSE(Begin(1, "victim", "new", 30'009));
    EXPECT_TRUE(Begin(2, "victim", "new", 30'010));
    EXPECT_FALSE(Begin(2, "other", "new2", 30'010));
}

TEST_F(SharedLoginGuardTest, SuccessTakesTheAttemptBack) {
    for (int i = 0; i < 30; ++i) {
        ASSERT_FALSE(Begin(i % 3, "a", "x", 0)) << i;
        Succeeded(i % 3, "a", "x");
    }
    for (int i = 0; i < 9; ++i) EXPECT_FALSE(Begin(i % 3, "victim", "x", 0));
    EXPECT_FALSE(Begin(0, "a", "x", 0));
    Succeeded(0, "a", "x");
    EXPECT_FALSE(Begin(1, "victim", "x", 0));
    EXPECT_TRUE(Begin(2, "victim", "x", 0));
}

TEST_F(SharedLoginGuardTest, WhatTheAccountRefusesTheAddressDoesNotPay) {
    for (int i = 0; i < 10; ++i) Begin(0, "victim", "attacker" + std::to_string(i), 0);
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(Begin(0, "victim", "office", 1));
    Begin(0, "settles", "settles", 0);
    EXPECT_FALSE(Begin(0, "colleague", "office", 2));
}

TEST(LoginFailures, DocumentsAreBoundedAndStayWhatTheyWere) {
    LoginFailures failures;
    for (int i = 0; i < 1000; ++i) failures.Count("k" + std::to_string(i), i, 128);
    EXPECT_EQ(failures.entries().size(), 128u);
    const std::string bytes = EncodeFailures("login_guard/00", failures, 7);
    EXPECT_LT(bytes.size(), 16u * 1024);
    EXPECT_EQ(DecodeFailures(bytes).entries().at("k999").last_ms, 999);
    EXPECT_EQ(EncodeFailures("login_guard/00", DecodeFailures(bytes), 7).size(), bytes.size());
    EXPECT_TRUE(DecodeFailures("").entries().empty());
}

}  // namespace
}  // namespace barracuda::api
