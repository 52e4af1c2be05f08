// Two nodes over one store: what one changes holds on the other after its next reading.
#include "api/shared_state.h"

#include <gtest/gtest.h>

#include <future>

#include "api/key_ring.h"
#include "api/sessions.h"
#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::api {
namespace {

using std::chrono::seconds;

struct SharedStateTest : testing::Test {
    std::unique_ptr<store::KvEngine> engine = std::move(*store::KvEngine::Open(
        std::make_unique<store::MemoryKv>(std::make_shared<store::MemoryKv::Data>())
    ));
    SharedState::Clock::time_point clock{};
    Time now = Time::Now();

    struct Node {
        ledger::Ledger ledger;
        KeyRing keys;
        Admins admins;
        Sessions sessions;
        SharedState shared;

        explicit Node(SharedStateTest& test)
            : ledger(*test.engine, {.node = "n"}, {}), shared([&test] { return test.clock; }) {
            shared.Add([this, &test] { return keys.LoadFrom(*test.engine); });
            shared.Add([this, &test] { return admins.LoadFrom(*test.engine); });
            shared.Add([this, &test] { return sessions.LoadFrom(*test.engine); });
            shared.Step();
        }
        std::string NewKey(const std::string& name) {
            std::promise<std::string> made;
            KeyRing::NewKey wanted;
            wanted.name = name;
            keys.Create(ledger, wanted, [&](auto key) { made.set_value(*key); });
            return made.get_future().get();
        }
        std::string NewSession(Time at) {
            std::promise<std::string> made;
            sessions.Create(ledger, Admin{.email = "a@b"}, at, [&](auto token) {
                made.set_value(*token);
            });
            return made.get_future().get();
        }
        void End(const std::string& token) {
            std::promise<void> ended;
            sessions.End(ledger, token, [&](auto) { ended.set_value(); });
            ended.get_future().wait();
        }
    };
};

TEST_F(SharedStateTest, AKeyRevokedAnywhereEndsEverywhere) {
    Node a(*this), b(*this);
    const std::string key = a.NewKey("first");
    EXPECT_FALSE(b.keys.Find(key)) << "control: without a reading nothing is known";
    EXPECT_TRUE(*b.keys.LookUp(*engine, key));
    EXPECT_TRUE(b.keys.Find(key)) << "not only after the next reading";
    std::promise<void> revoked;
    a.keys.Revoke(a.ledger, "first", [&](auto) { revoked.set_value(); });
    revoked.get_future().wait();
    EXPECT_TRUE(b.keys.Find(key)) << "control: from memory it would work for ever";
    b.shared.Step();
    EXPECT_FALSE(b.keys.Find(key));
    EXPECT_FALSE(*b.keys.LookUp(*engine, key));
    EXPECT_FALSE(*b.keys.LookUp(*engine, "bki_never"));
}

TEST_F(SharedStateTest, ASessionEndedAnywhereEndsEverywhere) {
    Node a(*this), b(*this);
    const std::string token = a.NewSession(now);
    EXPECT_FALSE(b.sessions.Find(b.ledger, token, now));
    EXPECT_TRUE(*b.sessions.LookUp(*engine, token));
    EXPECT_TRUE(b.sessions.Find(b.ledger, token, now));
    b.End(token);
    EXPECT_FALSE(*b.sessions.LookUp(*engine, token));
    EXPECT_TRUE(a.sessions.Find(a.ledger, token, now)) << "control";
    a.shared.Step();
    EXPECT_FALSE(a.sessions.Find(a.ledger, token, now));
    EXPECT_EQ(a.sessions.Size(), 0u);
}

TEST_F(SharedStateTest, AReadingKeepsWhenASessionWasSeenHere) {
    Node a(*this);
    const std::string token = a.NewSession(now);
    const Time later{now.ms + 50'000};  // within the grain: not written
    ASSERT_TRUE(a.sessions.Find(a.ledger, token, later));
    a.shared.Step();
    EXPECT_TRUE(a.sessions.Find(a.ledger, token, Time{now.ms + Sessions::kIdleMs + 10'000}));
}

TEST_F(SharedStateTest, AnAdminMadeElsewhereIsKnownAfterTheNextReading) {
    Node a(*this), b(*this);
    std::promise<void> made;
    a.admins.Create(a.ledger, "a@b", "Ann", "$argon2id$x", [&](auto) { made.set_value(); });
    made.get_future().wait();
    EXPECT_FALSE(b.admins.Find("a@b"));
    b.shared.Step();
    EXPECT_TRUE(b.admins.Find("a@b"));
}

TEST_F(SharedStateTest, MemoryAloneLetsNobodyInForLong) {
    bool works = true;
    SharedState shared([&] { return clock; });
    shared.Add([&]() -> Result<bool> {
        if (!works) return Fail(ErrorCode::kUnavailable, "no primary");
        return true;
    });
    shared.Step();
    works = false;
    clock += seconds(30);
    shared.Step();
    EXPECT_FALSE(shared.Stale());
    clock += seconds(1);
    shared.Step();
    EXPECT_TRUE(shared.Stale());
    works = true;
    shared.Step();
    EXPECT_FALSE(shared.Stale());
}

TEST_F(SharedStateTest, LookUpsAreBounded) {
    SharedState shared([&] { return clock; });
    int allowed = 0;
    for (int i = 0; i < 1000; ++i) allowed += shared.MayLookUp();
    EXPECT_EQ(allowed, SharedState::kLookUpsMax);
    shared.Step();
    EXPECT_TRUE(shared.MayLookUp());
}

}  // namespace
}  // namespace barracuda::api
