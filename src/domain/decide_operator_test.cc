// What an operator may say about deliveries: send again, cancel, mark as done.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/decide.h"

namespace barracuda::domain {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr Time kNow{1'700'000'100'000};
const ObjectId kCommand = *ObjectId::Parse("65a000000000000000000002");
constexpr DeliveryState kStates[] = {
    DeliveryState::kWaiting, DeliveryState::kDone, DeliveryState::kDead, DeliveryState::kCancelled};

ConversionKey Key() { return {ClickId("c1"), GoalId("6"), ""}; }

Conversion With(DeliveryState state) {
    Conversion c;
    c.id = *ObjectId::Parse("65a000000000000000000001");
    c.key = Key();
    Delivery d;
    d.id = DeliveryIdOf(c.id, "default", "goal_postback");
    d.network = "default";
    d.kind = "goal_postback";
    d.state = state;
    d.attempts = 7;
    d.last_at = Time{kNow.ms - 1000};
    c.deliveries.push_back(d);
    c.Reschedule("node-0");
    c.rev = 1;
    return c;
}

Decision Ask(const std::optional<Conversion>& state, const Command& command) {
    return Decide(state, command, kNow, "node-1");
}

TEST(DecideReplay, HistorySaysWho) {
    auto decision =
        Ask(With(DeliveryState::kDead), Replay{.key = Key(), .command_id = kCommand, .by = "me"});
    ASSERT_THAT(decision.document->history, SizeIs(1));
    const auto& entry = decision.document->history[0];
    EXPECT_EQ(entry.by, "me");
    EXPECT_EQ(entry.command, kCommand.Hex());
    EXPECT_EQ(entry.field, "delivery " + decision.document->deliveries[0].id.value);
    EXPECT_EQ(entry.from, "dead");
    EXPECT_EQ(entry.to, "waiting");
    EXPECT_FALSE(decision.document->dead) << "nothing is dead any more";
}

TEST(DecideReplay, OnceAJob) {
    auto dead = With(DeliveryState::kDead);
    auto first = Ask(dead, Replay{.key = Key(), .job = "j1"});
    ASSERT_THAT(first.fresh_deliveries, SizeIs(1));
    EXPECT_EQ(first.document->deliveries[0].replayed_by, "j1");
    auto again = *first.document;
    again.deliveries[0].state = DeliveryState::kDead;
    again.Reschedule("node-1");
    EXPECT_FALSE(Ask(again, Replay{.key = Key(), .job = "j1"}).changed);
    EXPECT_TRUE(Ask(again, Replay{.key = Key(), .job = "j2"}).changed);
    EXPECT_TRUE(Ask(again, Replay{.key = Key()}).changed) << "by hand at any time";
}

TEST(DecideReplay, ACancelledOneOnlyByName) {
    auto state = With(DeliveryState::kCancelled);
    DeliveryId id = state.deliveries[0].id;
    EXPECT_FALSE(Ask(state, Replay{.key = Key()}).changed);
    EXPECT_FALSE(Ask(state, Replay{.key = Key(), .delivery_id = id, .job = "j"}).changed);
    EXPECT_TRUE(Ask(state, Replay{.key = Key(), .delivery_id = id}).changed);
}

TEST(DecideEnd, EndsWhatIsNotDone) {
    for (auto to : {DeliveryState::kDone, DeliveryState::kCancelled}) {
        for (auto from : kStates) {
            auto state = With(from);
            EndDelivery end{Key(), state.deliveries[0].id, to, kCommand, "admin:e"};
            auto decision = Ask(state, end);
            bool changes = from != DeliveryState::kDone && from != to;
            EXPECT_EQ(decision.changed, changes) << NameOf(from) << " to " << NameOf(to);
            if (!changes) continue;
            EXPECT_EQ(decision.document->deliveries[0].state, to);
            EXPECT_EQ(decision.document->status, state.status) << "no network has accepted it";
            EXPECT_FALSE(decision.document->due);
            EXPECT_FALSE(decision.document->dead);
            EXPECT_EQ(decision.document->history.back().by, "admin:e");
            EXPECT_THAT(decision.fresh_deliveries, IsEmpty());
        }
    }
    EndDelivery unknown{Key(), "another", DeliveryState::kDone, kCommand, "me"};
    EXPECT_FALSE(Ask(With(DeliveryState::kDead), unknown).changed);
    EXPECT_EQ(Ask(std::nullopt, unknown).verdict, Verdict::kNone);
}

TEST(DecideEnd, AnAttemptUnderWayMayStillArrive) {
    auto state = With(DeliveryState::kCancelled);
    Outcome outcome;
    outcome.key = Key();
    outcome.delivery_id = state.deliveries[0].id;
    outcome.error = "refused";
    EXPECT_FALSE(Ask(state, outcome).changed) << "a refusal of what was cancelled changes nothing";
    outcome.accepted = true;
    outcome.error.clear();
    auto arrived = Ask(state, outcome);
    EXPECT_EQ(arrived.document->deliveries[0].state, DeliveryState::kDone);
}

TEST(Dead, IsTheLatestEndOfTheDeadOnes) {
    auto state = With(DeliveryState::kDead);
    EXPECT_EQ(state.dead, Time{kNow.ms - 1000});
    state.deliveries.push_back(state.deliveries[0]);
    state.deliveries.back().last_at = kNow;
    state.Reschedule("n");
    EXPECT_EQ(state.dead, kNow);
    EXPECT_FALSE(state.due);
}

}  // namespace
}  // namespace barracuda::domain
