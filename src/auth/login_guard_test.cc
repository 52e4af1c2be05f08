#include "auth/login_guard.h"

#include <gtest/gtest.h>

#include <future>

#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::auth {
namespace {

LoginAttempt By(std::string account, std::string address, std::string device = {}) {
    return {
        .account = std::move(account),
        .mark = "m",
        .from = {.one = std::move(address)},
        .device = std::move(device)};
}

// One in memory, with the attempts written short.
struct Alone {
    LoginGuard guard;
    explicit Alone(size_t keys_max = 4096) : guard(keys_max) {}

    std::optional<int> Begin(LoginAttempt attempt, int64_t at) { return guard.Begin(attempt, at); }
    std::optional<int> Begin(const std::string& account, const std::string& from, int64_t at) {
        return Begin(By(account, from), at);
    }
    // As a login does: nothing when it must wait.
    bool LogIn(LoginAttempt attempt, int64_t at) {
        if (guard.Begin(attempt, at)) return false;
        guard.Succeeded(attempt, at);
        return true;
    }
};

TEST(LoginGuard, TenAreFreeThenOneIn30Seconds) {
    Alone guard;
    for (int i = 0; i < 10; ++i) EXPECT_FALSE(guard.Begin("a", std::to_string(i), i));
    EXPECT_EQ(guard.Begin("a", "other", 10), 30);
    EXPECT_FALSE(guard.Begin("b", "other", 10)) << "another account is free";
    EXPECT_FALSE(guard.Begin("a", "other", 9 + 30'000));
    EXPECT_EQ(guard.Begin("a", "other", 10 + 30'000), 30);
    EXPECT_FALSE(guard.Begin("a", "other", 9 + 30'000 + 15 * 60'000));
    EXPECT_FALSE(guard.Begin("a", "other", 9 + 30'000 + 15 * 60'000)) << "forgotten: free again";
}

TEST(LoginGuard, AddressesCountOverAccounts) {
    Alone guard;
    for (int i = 0; i < 10; ++i) EXPECT_FALSE(guard.Begin(std::to_string(i), "x", 0));
    EXPECT_TRUE(guard.Begin("new", "x", 0));
    EXPECT_FALSE(guard.Begin("new", "y", 0));
}

TEST(LoginGuard, ANetworkCountsOverItsAddresses) {
    Alone guard;
    auto from = [](int i) {
        auto attempt = By("u" + std::to_string(i), "one" + std::to_string(i));
        attempt.from.network = "net";
        return attempt;
    };
    int allowed = 0;
    for (int i = 0; i < 65'536; i += 64) allowed += !guard.Begin(from(i), 0);
    EXPECT_EQ(allowed, 100) << "not ten of each /64";
    EXPECT_EQ(guard.Begin(from(1), 1), 30);
    EXPECT_FALSE(guard.Begin("u1", "elsewhere", 1));
}

TEST(LoginGuard, SuccessTakesTheAttemptBack) {
    Alone guard;
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(guard.LogIn(By("a", "x"), 0)) << i;
    for (int i = 0; i < 9; ++i) EXPECT_FALSE(guard.Begin("victim", "x", 0));
    EXPECT_TRUE(guard.LogIn(By("b", "x"), 0));
    EXPECT_FALSE(guard.Begin("victim", "x", 0));
    EXPECT_TRUE(guard.Begin("victim", "x", 0)) << "one's own success frees no guesses at others";
}

// A stranger fails first ten times, then once in every slot, at once when it is free.
TEST(LoginGuard, OneStrangerKeepsNoKnownDeviceOut) {
    Alone guard;
    ASSERT_TRUE(guard.LogIn(By("owner", "office"), 0));
    int64_t now = 1;
    auto attack = [&] {
        while (!guard.Begin("owner", "evil", now)) continue;
    };
    for (int i = 0; i < 65; ++i, now += 1'000) {
        attack();
        const std::string cafe = "cafe" + std::to_string(i);
        EXPECT_TRUE(guard.Begin("owner", cafe, now)) << "who shows nothing waits";
        EXPECT_TRUE(guard.LogIn(By("owner", cafe, "phone"), now)) << "by its token";
        EXPECT_TRUE(guard.LogIn(By("owner", "office"), now)) << "by its address";
    }
    auto renewed = By("owner", "office");
    renewed.mark = "new password";
    EXPECT_TRUE(guard.Begin(renewed, now)) << "an address is known by one password";
    EXPECT_TRUE(guard.Begin("owner", "evil", now)) << "and the owner's logins free no guesses";
}

TEST(LoginGuard, AKnownDeviceGuessesNoFaster) {
    Alone guard;
    ASSERT_TRUE(guard.LogIn(By("owner", "office"), 0));
    for (auto attempt : {By("owner", "office"), By("owner", "anywhere", "phone")}) {
        int allowed = 0;
        for (int i = 0; i < 100; ++i) allowed += !guard.Begin(attempt, 1'000 + i);
        EXPECT_EQ(allowed, 10);
        EXPECT_FALSE(guard.Begin(attempt, 40'000));
        EXPECT_TRUE(guard.Begin(attempt, 40'001));
    }
    EXPECT_FALSE(guard.Begin("owner", "home", 41'000)) << "nor does it use up what others have";
}

TEST(LoginGuard, ANewPasswordForgetsTheFailures) {
    Alone guard;
    for (int i = 0; i < 10; ++i) EXPECT_FALSE(guard.Begin("a", "x", 0));
    EXPECT_TRUE(guard.Begin("a", "x", 0));
    guard.guard.Forget("a");
    EXPECT_FALSE(guard.Begin("a", "x", 0)) << "also of the address that it failed from";
    guard.guard.Forget("nobody");
}

TEST(LoginGuard, AFloodPushesOutItsOwn) {
    Alone guard(64);
    ASSERT_TRUE(guard.LogIn(By("owner", "office"), 0));
    for (int i = 0; i < 10; ++i) guard.Begin("victim", "x", i);
    for (int i = 0; i < 10'000; ++i) guard.Begin(std::to_string(i), "f" + std::to_string(i), 100);
    EXPECT_TRUE(guard.Begin("victim", "y", 200)) << "few failures go first";
    EXPECT_TRUE(guard.Begin("other", "x", 200));
    for (int i = 0; i < 20; ++i) guard.Begin("owner", "z" + std::to_string(i), 200);
    EXPECT_TRUE(guard.LogIn(By("owner", "office"), 200)) << "a known address stays known";
}

// Three nodes over one store.
struct SharedLoginGuardTest : testing::Test {
    std::unique_ptr<store::KvEngine> engine = std::move(*store::KvEngine::Open(
        std::make_unique<store::MemoryKv>(std::make_shared<store::MemoryKv::Data>())
    ));
    ledger::Ledger nodes[3] = {
        {*engine, {.node = "a"}, {}}, {*engine, {.node = "b"}, {}}, {*engine, {.node = "c"}, {}}};

    std::optional<int> Begin(int node, std::shared_ptr<LoginAttempt> attempt, int64_t at) {
        std::promise<std::optional<int>> wait;
        SharedLoginGuard::Begin(nodes[node], std::move(attempt), Time{at}, [&](auto result) {
            EXPECT_TRUE(result);
            wait.set_value(*result);
        });
        return wait.get_future().get();
    }
    std::optional<int> Begin(
        int node, const std::string& account, const std::string& from, int64_t at
    ) {
        return Begin(node, std::make_shared<LoginAttempt>(By(account, from)), at);
    }
    bool LogIn(int node, LoginAttempt attempt, int64_t at) {
        auto shared = std::make_shared<LoginAttempt>(std::move(attempt));
        if (Begin(node, shared, at)) return false;
        SharedLoginGuard::Succeeded(nodes[node], *shared, Time{at});
        Settle(node);
        return true;
    }
    void Settle(int node) { EXPECT_TRUE(nodes[node].Pass(std::chrono::seconds(20))); }
};

TEST_F(SharedLoginGuardTest, NodesCountTogether) {
    int allowed = 0;
    for (int i = 0; i < 60; ++i) allowed += !Begin(i % 3, "victim", std::to_string(i), i);
    EXPECT_EQ(allowed, 10) << "not ten on each node";
    Alone alone[3];
    allowed = 0;
    for (int i = 0; i < 60; ++i) allowed += !alone[i % 3].Begin("victim", std::to_string(i), i);
    EXPECT_EQ(allowed, 30) << "control: memory of each node allows three times as many";
    EXPECT_EQ(Begin(1, "victim", "new", 10), 30);
    EXPECT_FALSE(Begin(1, "victim", "new", 30'009));
    EXPECT_TRUE(Begin(2, "victim", "new", 30'010));
    EXPECT_FALSE(Begin(2, "other", "new2", 30'010));
}

TEST_F(SharedLoginGuardTest, SuccessTakesTheAttemptBack) {
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(LogIn(i % 3, By("a", "x"), 0)) << i;
    for (int i = 0; i < 9; ++i) EXPECT_FALSE(Begin(i % 3, "victim", "x", 0));
    EXPECT_TRUE(LogIn(0, By("b", "x"), 0));
    EXPECT_FALSE(Begin(1, "victim", "x", 0));
    EXPECT_TRUE(Begin(2, "victim", "x", 0));
}

TEST_F(SharedLoginGuardTest, WhatTheAccountRefusesTheAddressDoesNotPay) {
    for (int i = 0; i < 10; ++i) Begin(0, "victim", "attacker" + std::to_string(i), 0);
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(Begin(0, "victim", "office", 1));
    Settle(0);
    EXPECT_FALSE(Begin(0, "colleague", "office", 2));
}

TEST_F(SharedLoginGuardTest, OneStrangerKeepsNoKnownDeviceOut) {
    ASSERT_TRUE(LogIn(0, By("owner", "office"), 0));
    for (int i = 0; i < 40; ++i) Begin(i % 3, "owner", "evil" + std::to_string(i), 1);
    for (int node = 0; node < 3; ++node) {
        const std::string cafe = "cafe" + std::to_string(node);
        EXPECT_TRUE(Begin(node, "owner", cafe, 2));
        EXPECT_TRUE(LogIn(node, By("owner", cafe, "phone"), 2)) << "by its token, on every node";
        EXPECT_TRUE(LogIn(node, By("owner", "office"), 2)) << "by its address";
    }
    int allowed = 0;
    for (int i = 0; i < 60; ++i) {
        auto phone = std::make_shared<LoginAttempt>(By("owner", "x" + std::to_string(i), "phone"));
        allowed += !Begin(i % 3, phone, 3);
    }
    EXPECT_EQ(allowed, 10);
}

TEST_F(SharedLoginGuardTest, ANewPasswordForgetsTheFailures) {
    for (int i = 0; i < 10; ++i) EXPECT_FALSE(Begin(0, "a", "x", 0));
    EXPECT_TRUE(Begin(1, "a", "x", 0));
    std::promise<void> done;
    SharedLoginGuard::Forget(nodes[2], "a", [&](auto forgotten) {
        EXPECT_TRUE(forgotten);
        done.set_value();
    });
    done.get_future().wait();
    Settle(2);
    EXPECT_FALSE(Begin(1, "a", "x", 0)) << "on every node, and of the address that failed";
}

TEST_F(SharedLoginGuardTest, AClockSetBackLocksNobodyForTheStep) {
    constexpr int64_t kHour = 3'600'000;
    for (int i = 0; i < 12; ++i) Begin(0, "a", "x" + std::to_string(i), 10 * kHour);
    EXPECT_EQ(Begin(0, "a", "y", 9 * kHour), 30) << "counts as now";
    EXPECT_FALSE(Begin(0, "a", "y", 9 * kHour + 30'000));
    // Nodes may be a minute apart: to go back by that frees nobody.
    EXPECT_EQ(Begin(1, "a", "y", 9 * kHour + 29'000), 31);
    EXPECT_EQ(Begin(2, "a", "y", 9 * kHour + 59'999), 1);
}

TEST(LoginFailures, DocumentsAreBoundedAndStayWhatTheyWere) {
    LoginFailures failures;
    for (int i = 0; i < 1000; ++i) {
        const auto name = std::to_string(i);
        failures.Count({LoginKind::kAddress, "k" + name}, i, 128);
        failures.Count({LoginKind::kAccount, "a" + name}, i, 128, "from" + name);
        failures.Know({LoginKind::kDevice, "d" + name}, i, 128);
    }
    for (int i = 0; i < 20; ++i) {
        failures.Count({LoginKind::kAccount, "a999"}, 999, 128, "from" + std::to_string(i % 12));
    }
    EXPECT_EQ(failures.entries().size(), 3 * 128u);
    const std::string bytes = EncodeFailures("login_guard/00", failures, 7);
    EXPECT_LT(bytes.size(), 48u * 1024);
    auto read = DecodeFailures(bytes);
    EXPECT_EQ(read.entries().at("k999").last_ms, 999);
    EXPECT_EQ(read.entries().at("a999").failures, 21);
    EXPECT_EQ(read.entries().at("a999").addresses.size(), LoginFailures::kAddressesKept);
    EXPECT_TRUE(read.Knows({LoginKind::kDevice, "d999"}, 1'000'000));
    EXPECT_FALSE(read.Knows({LoginKind::kDevice, "k999"}, 1'000'000));
    EXPECT_FALSE(read.Knows({LoginKind::kDevice, "d999"}, 999 + LoginFailures::kKnownMs));
    EXPECT_EQ(EncodeFailures("login_guard/00", read, 7).size(), bytes.size());
    EXPECT_TRUE(DecodeFailures("").entries().empty());
}

}  // namespace
}  // namespace barracuda::auth
