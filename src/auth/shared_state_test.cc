// Two nodes over one store: what one changes holds on the other after its next reading.
#include "auth/shared_state.h"

#include <gtest/gtest.h>

#include <future>

#include "auth/key_ring.h"
#include "auth/sessions.h"
#include "store/forwarding_engine.h"
#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::auth {
namespace {

using std::chrono::seconds;

// Something happens between what a reading saw and its end.
class Meanwhile final : public store::ForwardingEngine {
public:
    Meanwhile(store::Engine& to, std::function<void()> what)
        : ForwardingEngine(to), what_(std::move(what)) {}
    Result<store::Page> Scan(const store::ScanRequest& request) override {
        auto page = ForwardingEngine::Scan(request);
        what_();
        return page;
    }
    Result<std::vector<std::optional<std::string>>> Load(std::span<const store::Ref> refs
    ) override {
        auto loaded = ForwardingEngine::Load(refs);
        what_();
        return loaded;
    }

private:
    const std::function<void()> what_;
};

Admin Ann(std::string email) {
    return {.email = std::move(email), .name = "Ann", .password = "$argon2id$x"};
}

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
            auth::NewKey wanted;
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
        void Revoke(const std::string& name) {
            std::promise<void> revoked;
            keys.Revoke(ledger, name, [&](auto) { revoked.set_value(); });
            revoked.get_future().wait();
        }
        void End(const std::string& token) {
            std::promise<void> ended;
            if (sessions.End(ledger, token, [&](auto) { ended.set_value(); })) {
                ended.get_future().wait();
            }
        }
    };
};

TEST_F(SharedStateTest, AKeyRevokedAnywhereEndsEverywhere) {
    Node a(*this), b(*this);
    const std::string key = a.NewKey("first");
    EXPECT_FALSE(b.keys.Find(key)) << "control: without a reading nothing is known";
    EXPECT_TRUE(*b.keys.LookUp(*engine, key));
    EXPECT_TRUE(b.keys.Find(key)) << "not only after the next reading";
    a.Revoke("first");
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

// A change during every reading, by strangers or clients, defers no revocation of another.
TEST_F(SharedStateTest, AReadingCountsForAllThatDidNotChangeMeanwhile) {
    Node a(*this), b(*this);
    const std::string kept = a.NewKey("kept"), revoked = a.NewKey("revoked");
    b.shared.Step();
    ASSERT_TRUE(b.keys.Find(revoked));
    a.Revoke("revoked");
    std::string own, own_revoked = b.NewKey("own revoked");
    Meanwhile keys(*engine, [&] {
        own = b.NewKey("own");
        b.Revoke("own revoked");
    });
    ASSERT_TRUE(b.keys.LoadFrom(keys));
    EXPECT_FALSE(b.keys.Find(revoked));
    EXPECT_FALSE(b.keys.Find(own_revoked)) << "the reading is older than its revocation";
    EXPECT_TRUE(b.keys.Find(kept));
    EXPECT_TRUE(b.keys.Find(own)) << "the reading is older than it";

    const std::string ended = a.NewSession(now), other = a.NewSession(now);
    b.shared.Step();
    ASSERT_TRUE(b.sessions.Find(b.ledger, ended, now));
    a.End(ended);
    const std::string late = a.NewSession(now), mine_ended = b.NewSession(now);
    std::string mine;
    Meanwhile sessions(*engine, [&] {
        mine = b.NewSession(now);
        b.End(mine_ended);
        b.End("bks_invented");
        (void)b.sessions.LookUp(*engine, late);
    });
    ASSERT_TRUE(b.sessions.LoadFrom(sessions));
    EXPECT_FALSE(b.sessions.Find(b.ledger, ended, now));
    EXPECT_FALSE(b.sessions.Find(b.ledger, mine_ended, now));
    for (const auto& token : {other, late, mine}) {
        EXPECT_TRUE(b.sessions.Find(b.ledger, token, now));
    }

    auto create = [](Node& node, const std::string& email) {
        std::promise<void> made;
        node.admins.Create(node.ledger, Ann(email), [&](auto) { made.set_value(); });
        made.get_future().wait();
    };
    create(a, "a@b");
    Meanwhile admins(*engine, [&] { create(b, "own@b"); });
    ASSERT_TRUE(b.admins.LoadFrom(admins));
    EXPECT_TRUE(b.admins.Find("a@b"));
    EXPECT_TRUE(b.admins.Find("own@b"));
}

TEST_F(SharedStateTest, ASessionThatEndsWhileItIsLookedUpStaysEnded) {
    Node a(*this), b(*this);
    const std::string token = a.NewSession(now);
    b.shared.Step();
    Meanwhile engine_of_b(*engine, [&] { b.End(token); });
    EXPECT_FALSE(*b.sessions.LookUp(engine_of_b, token));
    EXPECT_FALSE(b.sessions.Find(b.ledger, token, now));
}

TEST_F(SharedStateTest, ARevokedKeyIsNeverNew) {
    Node a(*this);
    const std::string key = a.NewKey("first");
    EXPECT_FALSE(a.keys.MayBeNew(key));
    a.Revoke("first");
    EXPECT_FALSE(a.keys.Find(key));
    EXPECT_FALSE(a.keys.MayBeNew(key)) << "a tracker that still sends it asks nothing of the store";
    EXPECT_TRUE(a.keys.MayBeNew("bki_elsewhere"));
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
    a.admins.Create(a.ledger, Ann("a@b"), [&](auto) { made.set_value(); });
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
}  // namespace barracuda::auth
