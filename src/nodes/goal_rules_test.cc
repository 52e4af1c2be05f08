// A goal becomes repeatable while nodes write: nothing is written by the old rule afterwards.
#include "nodes/goal_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "ledger/test_drain.h"
#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::nodes {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

// Sees the order of commits over all nodes.
class OrderedEngine final : public store::Engine {
public:
    std::unique_ptr<store::KvEngine> inner = std::move(*store::KvEngine::Open(
        std::make_unique<store::MemoryKv>(std::make_shared<store::MemoryKv::Data>())
    ));
    std::mutex mutex;
    bool active = false;  // goal 6 is recorded as repeatable
    int once_before = 0, once_after = 0, repeatable = 0;
    // Conversions are given up, and land when the test says so.
    bool hang = false;
    std::vector<store::Write> on_their_way;
    void Land() {
        hang = false;
        for (const auto& write : std::exchange(on_their_way, {})) (void)Commit({&write, 1});
    }

    Result<std::vector<std::optional<std::string>>> Load(std::span<const store::Ref> refs
    ) override {
        return inner->Load(refs);
    }
    Result<std::vector<store::WriteResult>> Commit(std::span<const store::Write> writes) override {
        std::lock_guard lock(mutex);
        if (hang && writes.front().ref.collection == store::Collection::kConversions) {
            on_their_way.insert(on_their_way.end(), writes.begin(), writes.end());
            return std::vector<store::WriteResult>(writes.size(), store::WriteState::kFailed);
        }
        auto states = inner->Commit(writes);
        for (size_t i = 0; states && i < writes.size(); ++i) {
            if ((*states)[i] != store::WriteState::kApplied || !writes[i].after) continue;
            if (writes[i].ref.key == "goal_rules") {
                active = DecodeGoalRecord(*writes[i].after).repeatable.contains("6");
            } else if (writes[i].ref.collection == store::Collection::kConversions) {
                const auto key = store::ConversionKeyOf(writes[i].ref);
                if (key.goal.value != "6") continue;
                repeatable += !key.occurrence.empty();
                (active ? once_after : once_before) += key.occurrence.empty();
            }
        }
        return states;
    }
    Result<store::Page> Scan(const store::ScanRequest& request) override {
        return inner->Scan(request);
    }
    Result<std::vector<store::WorkItem>> Work(const store::WorkQuery& query) override {
        return inner->Work(query);
    }
    Result<std::vector<NodeId>> WorkOwners() override { return inner->WorkOwners(); }
    Result<std::vector<store::RollupRow>> Rollup(store::Collection collection) override {
        return inner->Rollup(collection);
    }
    Result<bool> Backup(const std::string& directory) override { return inner->Backup(directory); }
    std::optional<std::string> Trouble() const override { return inner->Trouble(); }
    Result<std::vector<std::string>> Verify(bool repair) override { return inner->Verify(repair); }
};

struct Node {
    std::atomic<int64_t> clock_ms = 0;
    int births = 0;
    Membership membership;
    GoalRules rules;
    ledger::Ledger ledger;
    int clicks = 0;
    const std::string name;

    Node(OrderedEngine& engine, const std::string& name, bool fences = true, bool alone = false)
        : membership(engine, OptionsOf(name, alone)),
          rules(engine, membership, alone),
          ledger(engine, {.node = membership.node()}, HooksOf(fences)),
          name(name) {
        EXPECT_TRUE(membership.Join(ledger));
    }
    MembershipOptions OptionsOf(const std::string& name, bool alone) {
        MembershipOptions options;
        options.alone = alone;
        options.clock = [this] { return milliseconds(clock_ms.load()); };
        options.new_boot_id = [this, name] { return NodeId(name + std::to_string(++births)); };
        return options;
    }
    ledger::Hooks HooksOf(bool fences) {
        ledger::Hooks hooks;
        hooks.unsure = [this](const auto& ref) { rules.Unsure(ref); };
        if (fences) hooks.refuse = [this](const auto& report) { return rules.Refuse(report); };
        return hooks;
    }
    Result<bool> Begin(bool repeatable) {
        return rules.Begin(ledger, {{"5", false}, {"6", repeatable}}, milliseconds(0));
    }
    void Drain() { ledger::Drain(ledger); }
    void Heartbeat() {
        clock_ms += 2'000;
        membership.Step();
        Drain();
        rules.Step();
    }
    // As a route does: the key by the rule of this moment.
    domain::Report Deposit(const std::string& goal = "6") {
        domain::Report report;
        const auto rule = rules.Of(goal);
        report.key = {ClickId(name + std::to_string(++clicks)), GoalId(goal), ""};
        if (rule.repeatable) report.key.occurrence = "t1";
        report.goal_epoch = rule.epoch;
        report.goal_type = domain::GoalType::kDeposit;
        report.new_id = report.command_id = ObjectId::New();
        return report;
    }
    bool Write(domain::Report report) {
        std::promise<bool> recorded;
        ledger.SubmitInternal(std::move(report), [&](Result<domain::Decision> decision) {
            if (!decision) {
                EXPECT_EQ(decision.error().code, ErrorCode::kUnavailable);
            }
            recorded.set_value(decision.has_value());
        });
        return recorded.get_future().get();
    }
};

TEST(GoalRecord, StaysWhatItWas) {
    GoalRecord record{.epoch = 3, .repeatable = {"6", "7"}, .announced = {"8"}, .rev = 4};
    EXPECT_EQ(DecodeGoalRecord(Encode(record)), record);
    EXPECT_EQ(DecodeGoalRecord("").epoch, 0);
}

TEST(GoalRules, ANewStoreTakesTheRuleAndThereIsNoWayBack) {
    OrderedEngine engine;
    Node a(engine, "a");
    ASSERT_TRUE(a.Begin(true));
    EXPECT_TRUE(a.rules.Of("6").repeatable);
    EXPECT_FALSE(a.rules.Of("5").repeatable);
    EXPECT_TRUE(a.Write(a.Deposit()));
    Node b(engine, "b");
    auto back = b.Begin(false);
    ASSERT_FALSE(back);
    EXPECT_EQ(back.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(back.error().message, HasSubstr("goal \"6\""));
    EXPECT_TRUE(b.Begin(true));
}

TEST(GoalRules, AloneASwitchIsActiveAtOnce) {
    OrderedEngine engine;
    {
        Node before(engine, "a", true, true);
        ASSERT_TRUE(before.Begin(false));
        EXPECT_TRUE(before.Write(before.Deposit()));
    }
    Node after(engine, "b", true, true);
    ASSERT_TRUE(after.Begin(true));
    EXPECT_TRUE(after.Write(after.Deposit()));
    EXPECT_EQ(engine.once_before, 1);
    EXPECT_EQ(engine.repeatable, 1);
}

TEST(GoalRules, ASwitchWaitsForEveryLivingNode) {
    OrderedEngine engine;
    Node a(engine, "a"), b(engine, "b");
    ASSERT_TRUE(a.Begin(false));
    ASSERT_TRUE(b.Begin(false));
    EXPECT_TRUE(a.Write(a.Deposit()));
    const auto early = b.Deposit();  // made now, decided later
    Node c(engine, "c");
    auto begun = c.Begin(true);
    ASSERT_FALSE(begun);
    EXPECT_EQ(begun.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(begun.error().message, HasSubstr("b1"));
    EXPECT_TRUE(b.Write(b.Deposit())) << "it has not seen the announcement";
    a.Heartbeat();
    EXPECT_FALSE(a.Write(a.Deposit())) << "between the rules";
    EXPECT_TRUE(a.Write(a.Deposit("5"))) << "other goals go on";
    for (int i = 0; i < 3; ++i) {
        a.Heartbeat();
        c.Heartbeat();
    }
    EXPECT_THAT(c.rules.Missing(), ElementsAre(NodeId("b1")));
    EXPECT_FALSE(engine.active);
    EXPECT_TRUE(b.Write(b.Deposit()));
    for (int i = 0; i < 3; ++i) {
        for (auto* node : {&a, &b, &c}) node->Heartbeat();
    }
    EXPECT_TRUE(engine.active);
    EXPECT_FALSE(b.Write(early)) << "an old rule's key";
    for (auto* node : {&a, &b, &c}) {
        EXPECT_TRUE(node->rules.Of("6").repeatable);
        EXPECT_TRUE(node->Write(node->Deposit()));
    }
    EXPECT_EQ(engine.once_before, 3);
    EXPECT_EQ(engine.once_after, 0);
    EXPECT_EQ(engine.repeatable, 3);
    EXPECT_TRUE(c.Begin(true));
}

TEST(GoalRules, ASecondAnnouncementNeedsItsOwnAcknowledgement) {
    OrderedEngine engine;
    Node a(engine, "a"), b(engine, "b");
    ASSERT_TRUE(a.Begin(false));
    ASSERT_TRUE(b.Begin(false));
    ASSERT_FALSE(a.rules.Begin(a.ledger, {{"7", true}}, milliseconds(0)));
    b.Heartbeat();  // acknowledges 7, and nothing of 6
    ASSERT_FALSE(a.rules.Begin(a.ledger, {{"6", true}}, milliseconds(0)));
    a.Heartbeat();
    a.Heartbeat();
    EXPECT_FALSE(engine.active);
    for (int i = 0; i < 3; ++i) {
        b.Heartbeat();
        a.Heartbeat();
    }
    EXPECT_TRUE(engine.active);
    EXPECT_TRUE(a.rules.Of("7").repeatable);
}

// A node that does not answer is declared dead; should it come back, it knows before it writes.
void SilentNode(OrderedEngine& engine, bool fences) {
    Node a(engine, "a"), b(engine, "b", fences);
    ASSERT_TRUE(a.Begin(false));
    ASSERT_TRUE(b.Begin(false));
    const auto queued = b.Deposit();
    Node c(engine, "c");
    ASSERT_FALSE(c.Begin(true));
    for (int i = 0; i < 6; ++i) {
        a.Heartbeat();
        c.Heartbeat();
    }
    EXPECT_FALSE(engine.active) << "within 15 s it may still write";
    for (int i = 0; i < 30; ++i) {
        a.Heartbeat();
        c.Heartbeat();
    }
    EXPECT_FALSE(engine.active) << "what it sent last may still land";
    EXPECT_THAT(a.rules.Missing(), ElementsAre(NodeId("b1")));
    for (int i = 0; i < 6; ++i) {
        a.Heartbeat();
        c.Heartbeat();
    }
    ASSERT_TRUE(engine.active);
    b.clock_ms += 90'000;
    b.Write(queued);
    b.Write(b.Deposit());
    b.clock_ms += 2'000;
    for (int i = 0; i < 2; ++i) {  // declared dead, then born again; the rules are not read yet
        b.membership.Step();
        b.Drain();
        b.clock_ms += 2'000;
        b.Write(b.Deposit());
    }
    b.rules.Step();
    EXPECT_TRUE(b.rules.Of("6").repeatable);
    EXPECT_TRUE(b.Write(b.Deposit()));
}

TEST(GoalRules, AWriteThatWasGivenUpLandsBeforeTheActivation) {
    OrderedEngine engine;
    Node a(engine, "a");
    ASSERT_TRUE(a.Begin(false));
    engine.hang = true;
    EXPECT_FALSE(a.Write(a.Deposit("7"))) << "of a goal that stays as it is";
    a.clock_ms += 5'000;
    EXPECT_FALSE(a.Write(a.Deposit("6")));
    Node c(engine, "c");
    ASSERT_FALSE(c.Begin(true));
    for (int i = 0; i < 29; ++i) {
        a.Heartbeat();
        c.Heartbeat();
        ASSERT_FALSE(engine.active) << i;
    }
    EXPECT_THAT(c.rules.Missing(), ElementsAre(NodeId("a1")));
    engine.Land();
    for (int i = 0; i < 3; ++i) {
        a.Heartbeat();
        c.Heartbeat();
    }
    EXPECT_TRUE(engine.active);
    EXPECT_TRUE(a.Write(a.Deposit()));
    EXPECT_EQ(engine.once_before, 1);
    EXPECT_EQ(engine.once_after, 0);
    EXPECT_EQ(engine.repeatable, 1);
}

TEST(GoalRules, ASwitchDoesNotWaitForOtherGoals) {
    OrderedEngine engine;
    Node a(engine, "a");
    ASSERT_TRUE(a.Begin(false));
    engine.hang = true;
    EXPECT_FALSE(a.Write(a.Deposit("7")));
    Node c(engine, "c");
    ASSERT_FALSE(c.Begin(true));
    for (int i = 0; i < 3; ++i) {
        a.Heartbeat();
        c.Heartbeat();
    }
    EXPECT_TRUE(engine.active);
}

// Who leaves cleanly is waited for by nobody.
TEST(GoalRules, ANodeWhoseWriteMayLandLeavesInSilence) {
    for (const bool certain : {true, false}) {
        OrderedEngine engine;
        Node a(engine, "a"), c(engine, "c");
        ASSERT_TRUE(a.Begin(false));
        engine.hang = !certain;
        EXPECT_EQ(a.Write(a.Deposit()), certain);
        EXPECT_EQ(a.rules.MayStillLand(), !certain);
        a.membership.Leave(!a.rules.MayStillLand());
        const bool begun = c.Begin(true).has_value();
        c.Heartbeat();
        EXPECT_EQ(begun || engine.active, certain);
        for (int i = 0; i < 39; ++i) c.Heartbeat();
        EXPECT_TRUE(engine.active) << "declared dead, and a minute more";
    }
}

TEST(GoalRules, ASilentNodeIsFencedOut) {
    OrderedEngine engine;
    SilentNode(engine, true);
    EXPECT_EQ(engine.once_after, 0);
    EXPECT_EQ(engine.repeatable, 1);
}

TEST(GoalRules, ControlANodeThatIgnoresTheFenceWritesByTheOldRule) {
    OrderedEngine engine;
    SilentNode(engine, false);
    EXPECT_GT(engine.once_after, 0) << "the test above would not see it";
}

}  // namespace
}  // namespace barracuda::nodes
