#include "nodes/membership.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_wait.h"
#include "ledger/test_drain.h"
#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::nodes {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::Optional;
using testing::SizeIs;

// Two nodes over one store, each with a clock of its own that stands until it is moved.
struct MembershipTest : testing::Test {
    std::shared_ptr<store::MemoryKv::Data> data = std::make_shared<store::MemoryKv::Data>();
    std::unique_ptr<store::KvEngine> engine =
        std::move(*store::KvEngine::Open(std::make_unique<store::MemoryKv>(data)));

    struct Node {
        std::atomic<int64_t> clock_ms;
        int births = 0;
        Membership membership;
        ledger::Ledger ledger;

        Node(store::Engine& engine, const std::string& name, int64_t clock_ms, bool alone = false)
            : clock_ms(clock_ms),
              membership(engine, OptionsOf(name, alone)),
              ledger(engine, {.node = membership.node()}, {}) {
            EXPECT_TRUE(membership.Join(ledger));
        }
        MembershipOptions OptionsOf(const std::string& name, bool alone) {
            MembershipOptions options;
            options.alone = alone;
            options.host = "host";
            options.clock = [this] { return milliseconds(clock_ms.load()); };
            options.new_boot_id = [this, name] { return NodeId(name + std::to_string(++births)); };
            return options;
        }
        // Everything handed to the ledger so far is done.
        void Drain() { ledger::Drain(ledger); }
        void Step() {
            membership.Step();
            Drain();
        }
        void Pass(seconds time) { clock_ms += milliseconds(time).count(); }
    };

    // Both clocks go on in steps of a heartbeat; who is named steps.
    static void Pass(seconds time, std::vector<Node*> moving, std::vector<Node*> stepping) {
        for (seconds passed{0}; passed < time; passed += seconds(2)) {
            for (auto* node : moving) node->Pass(seconds(2));
            for (auto* node : stepping) node->Step();
        }
    }

    void Owe(const NodeId& owner, const std::string& click) {
        domain::Conversion c;
        c.id = ObjectId::New();
        c.key = {ClickId(click), GoalId("6"), ""};
        domain::Delivery& delivery = c.deliveries.emplace_back();
        delivery.id = DeliveryId(click);
        delivery.network = "default";
        delivery.kind = "goal_postback";
        c.Reschedule(owner);
        c.rev = 1;
        store::Write write{store::RefOf(c.key), std::nullopt, domain::Encode(c)};
        ASSERT_TRUE(engine->Commit(std::span(&write, 1)));
    }
    std::optional<NodeDocument> Read(const std::string& id) {
        store::Ref ref{store::Collection::kNodes, id};
        auto loaded = engine->Load(std::span(&ref, 1));
        if (!loaded || !loaded->front()) return std::nullopt;
        return DecodeNode(*loaded->front());
    }
};

TEST(NodeDocument, StaysWhatItWas) {
    NodeDocument node{
        .id = "a1",
        .state = NodeState::kLeft,
        .beat = 7,
        .goal_epoch = 3,
        .declared_by = "b1",
        .host = "h",
        .version = "v",
        .pid = 9,
        .started = Time{1},
        .seen = Time{2},
        .rev = 4};
    EXPECT_EQ(DecodeNode(Encode(node)), node);
    EXPECT_EQ(DecodeNode("").state, NodeState::kDead) << "what cannot be read is not alive";
}

TEST_F(MembershipTest, LivingNodesLeaveEachOthersWorkAlone) {
    Node a(*engine, "a", 1'000), b(*engine, "b", 900'000'000);
    Owe("a1", "c1");
    Owe("b1", "c2");
    Pass(seconds(60), {&a, &b}, {&a, &b});
    EXPECT_TRUE(a.membership.MaySend("a1"));
    EXPECT_FALSE(a.membership.MaySend("b1"));
    EXPECT_FALSE(a.membership.MayTake("b1"));
    EXPECT_FALSE(a.membership.MayTake("a1")) << "it is its own already";
    EXPECT_THAT(a.membership.Owners(), Optional(ElementsAre(NodeId("a1"))));
    EXPECT_EQ(a.membership.status().alive, 2);
    EXPECT_GE(Read("a1")->beat, 30);
    EXPECT_EQ(Read("a1")->host, "host");
}

TEST_F(MembershipTest, TheSilentOneIsDeadAfterFifteenSecondsOfTheObserver) {
    Node a(*engine, "a", 0), b(*engine, "b", 500'000);
    Owe("b1", "c1");
    Pass(seconds(14), {&a}, {&a});  // b's clock stands: nobody asks it
    EXPECT_FALSE(a.membership.MayTake("b1"));
    EXPECT_EQ(Read("b1")->state, NodeState::kAlive);
    Pass(seconds(6), {&a}, {&a});
    EXPECT_EQ(Read("b1")->state, NodeState::kDead);
    EXPECT_EQ(Read("b1")->declared_by, "a1");
    EXPECT_TRUE(a.membership.MayTake("b1"));
    EXPECT_THAT(a.membership.Owners(), Optional(ElementsAre(NodeId("a1"), NodeId("b1"))));
}

TEST_F(MembershipTest, WhoIsGoneIsKnownWithoutAnythingOwned) {
    Node a(*engine, "a", 1'000), b(*engine, "b", 5'000), c(*engine, "c", 9'000);
    Pass(seconds(20), {&a, &b, &c}, {&a, &b, &c});
    EXPECT_FALSE(a.membership.IsGone("a1"));
    EXPECT_FALSE(a.membership.IsGone("b1"));
    EXPECT_TRUE(a.membership.IsGone("of an earlier year"));
    Pass(seconds(12), {&a, &c}, {&a, &c});
    EXPECT_FALSE(a.membership.IsGone("b1")) << "silent, but not for long";
    c.membership.Leave();
    Pass(seconds(8), {&a}, {&a});
    EXPECT_TRUE(a.membership.IsGone("b1"));
    EXPECT_TRUE(a.membership.IsGone("c1"));
    a.Pass(seconds(11));
    EXPECT_FALSE(a.membership.IsGone("b1")) << "who is fenced judges nobody";
}

TEST_F(MembershipTest, ANodeWithoutAcknowledgedHeartbeatIsFenced) {
    Node a(*engine, "a", 0);
    EXPECT_TRUE(a.membership.MaySend("a1"));
    data->fail_writes = true;
    a.Pass(seconds(10));
    EXPECT_TRUE(a.membership.MaySend("a1"));
    a.Pass(seconds(1));
    EXPECT_FALSE(a.membership.MaySend("a1"));
    EXPECT_FALSE(a.membership.MayTake("x"));
    a.Step();
    EXPECT_FALSE(a.membership.MaySend("a1")) << "this heartbeat failed too";
    EXPECT_TRUE(a.membership.Fenced());
    EXPECT_TRUE(a.membership.status().fenced);
}

// SIGSTOP for 30 s: nobody calls Step, the clock goes on, and the first question comes before it.
TEST_F(MembershipTest, APausedProcessKnowsBeforeItsNextSend) {
    Node a(*engine, "a", 0), b(*engine, "b", 77);
    Owe("b1", "c1");
    Pass(seconds(30), {&a, &b}, {&a});
    EXPECT_FALSE(b.membership.MaySend("b1")) << "before any heartbeat";
    EXPECT_FALSE(b.membership.MayTake("a1"));
    b.Step();
    EXPECT_FALSE(b.membership.MaySend("b1")) << "declared dead meanwhile";
    b.Pass(seconds(2));
    b.Step();
    EXPECT_EQ(b.membership.node(), "b2");
    EXPECT_EQ(b.ledger.node(), "b2");
    EXPECT_EQ(b.membership.status().rebirths, 1);
    EXPECT_FALSE(b.membership.MaySend("b1")) << "what it held under the old id is not its own";
    EXPECT_TRUE(b.membership.MaySend("b2"));
    b.Pass(seconds(2));
    b.Step();
    EXPECT_TRUE(b.membership.MayTake("b1")) << "but may be taken, by rev";
    EXPECT_TRUE(a.membership.MayTake("b1"));
}

TEST_F(MembershipTest, APauseNobodyNoticedEndsWithTheNextHeartbeat) {
    Node a(*engine, "a", 0);
    a.Pass(seconds(40));
    EXPECT_FALSE(a.membership.MaySend("a1"));
    a.Step();
    EXPECT_TRUE(a.membership.MaySend("a1"));
    EXPECT_EQ(a.membership.node(), "a1");
}

// Death and heartbeat are writes on one document: the heartbeat was first, so nobody died.
TEST_F(MembershipTest, AHeartbeatBeforeTheDeclarationWins) {
    Node a(*engine, "a", 0), b(*engine, "b", 0);
    Owe("b1", "c1");
    Pass(seconds(14), {&a}, {&a});
    b.Pass(seconds(9));
    b.Step();
    Pass(seconds(10), {&a}, {&a});
    EXPECT_EQ(Read("b1")->state, NodeState::kAlive);
    EXPECT_FALSE(a.membership.MayTake("b1"));
}

// After a store without a primary everybody was silent; that is nobody's death.
TEST_F(MembershipTest, WhoWasFencedItselfJudgesNobodyAtOnce) {
    Node a(*engine, "a", 0), b(*engine, "b", 0);
    Owe("b1", "c1");
    Pass(seconds(4), {&a, &b}, {&a, &b});
    a.Pass(seconds(60));
    b.Pass(seconds(60));
    a.Step();
    Pass(seconds(12), {&a}, {&a});
    EXPECT_EQ(Read("b1")->state, NodeState::kAlive);
    b.Step();
    EXPECT_TRUE(b.membership.MaySend("b1"));
}

TEST_F(MembershipTest, WhoLeavesCleanlyIsFreeAtOnceAndForgottenLater) {
    Node a(*engine, "a", 0);
    {
        Node b(*engine, "b", 0);
        b.membership.Leave();
    }
    EXPECT_EQ(Read("b1")->state, NodeState::kLeft);
    Owe("b1", "c1");
    Pass(seconds(2), {&a}, {&a});
    EXPECT_TRUE(a.membership.MayTake("b1"));
    Pass(seconds(700), {&a}, {&a});
    EXPECT_TRUE(Read("b1")) << "it owns something";
    domain::ConversionKey key{ClickId("c1"), GoalId("6"), ""};
    auto ref = store::RefOf(key);
    store::Write gone{ref, engine->Load(std::span(&ref, 1))->front(), std::nullopt};
    ASSERT_TRUE(engine->Commit(std::span(&gone, 1)));
    Pass(seconds(700), {&a}, {&a});
    EXPECT_FALSE(Read("b1"));
    EXPECT_FALSE(a.membership.MayTake("b1"));
}

TEST_F(MembershipTest, WorkOfAnOwnerWithoutADocumentIsFreeAfterTheSamePatience) {
    Node a(*engine, "a", 0);
    Owe("moved-here", "c1");
    Pass(seconds(14), {&a}, {&a});
    EXPECT_FALSE(a.membership.MayTake("moved-here"));
    Pass(seconds(4), {&a}, {&a});
    EXPECT_TRUE(a.membership.MayTake("moved-here"));
}

TEST_F(MembershipTest, AloneEveryOtherBootIsDeadAtOpen) {
    {
        Node killed(*engine, "k", 0, true);
        Owe("k1", "c1");
    }
    Node next(*engine, "n", 0, true);
    EXPECT_TRUE(next.membership.MayTake("k1"));
    EXPECT_EQ(next.membership.Owners(), std::nullopt);
    next.Pass(seconds(100'000));
    EXPECT_TRUE(next.membership.MaySend("n1")) << "nobody else could send";
    EXPECT_EQ(next.membership.status().alive, 1);
}

TEST(BootClock, GoesOn) {
    auto before = BootClock();
    std::this_thread::sleep_for(milliseconds(3));
    EXPECT_GT(BootClock(), before);
    EXPECT_THAT(NewBootId().value, SizeIs(16));
    EXPECT_NE(NewBootId(), NewBootId());
}

// A store that answered slowly while a goal was switched fenced the node, and at 15 s it was dead.
TEST_F(MembershipTest, NothingThatWaitsHoldsUpTheHeartbeat) {
    MembershipOptions options;
    options.heartbeat = milliseconds(10);
    options.new_boot_id = [] { return NodeId("a1"); };
    Membership membership(*engine, options);
    ledger::Ledger ledger(*engine, {.node = "a1"}, {});
    ASSERT_TRUE(membership.Join(ledger));
    std::atomic<bool> hold = true;
    std::atomic<int> waits = 0;
    membership.Start([&] {
        ++waits;
        while (hold) std::this_thread::sleep_for(milliseconds(1));
    });
    ASSERT_TRUE(Comes([&] { return waits == 1; }));
    const int64_t beat = Read("a1")->beat;
    EXPECT_TRUE(Comes([&] { return Read("a1")->beat >= beat + 3; }));
    EXPECT_EQ(waits, 1);
    hold = false;
    membership.Leave();
    EXPECT_EQ(Read("a1")->state, NodeState::kLeft);
}

}  // namespace
}  // namespace barracuda::nodes
