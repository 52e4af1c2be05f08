// Deliveries by rule: who is told first, and which changes are told afterwards, in order.
#include "domain/owe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace barracuda::domain {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const NodeId kNode = "node-1";
int64_t clock_ms = 1'700'000'000'000;

class Owing : public testing::Test {
protected:
    Owing() {
        updates_.network = "t";
        updates_.kind = "postback";
        updates_.updates = true;
    }

    Report Says(std::optional<Status> status, const char* amount = nullptr) {
        Report report;
        report.route = "postback";
        report.key = {ClickId("c1"), GoalId("6"), ""};
        report.goal_type = GoalType::kDeposit;
        if (amount) report.given.Set(Field::kAmount, amount);
        report.defaults.Set(Field::kAmount, "0");
        report.status = status;
        report.new_id = *ObjectId::Parse("65a000000000000000000001");
        report.command_id = ObjectId::New();
        report.deliveries = {updates_};
        return report;
    }
    Decision Do(const Command& command) {
        auto decision = Decide(state_, command, Time{clock_ms += 1000}, kNode);
        state_ = decision.document;
        return decision;
    }
    Decision Ends(size_t delivery, bool accepted, bool approves = false) {
        Outcome outcome;
        outcome.key = state_->key;
        outcome.delivery_id = state_->deliveries.at(delivery).id;
        outcome.accepted = accepted;
        outcome.approves = approves;
        outcome.status = accepted ? 200 : 410;
        outcome.parameters = {{"sent", "1"}};
        outcome.deliveries = {updates_};
        return Do(outcome);
    }
    std::string Told(size_t delivery, std::string_view name) {
        for (const auto& [key, value] : state_->deliveries.at(delivery).parameters) {
            if (key == name) return value;
        }
        return "(absent)";
    }

    DeliveryAsk updates_;
    std::optional<Conversion> state_;
};

TEST_F(Owing, EachChangeIsToldOnceAndInOrder) {
    auto recorded = Do(Says(Status::kPending));
    ASSERT_THAT(recorded.fresh_deliveries, SizeIs(1));
    EXPECT_EQ(state_->deliveries[0].kind, "postback");
    EXPECT_EQ(Told(0, "status"), "pending");
    EXPECT_EQ(Told(0, "amount"), "0");

    auto approved = Do(Says(Status::kApproved));
    EXPECT_THAT(approved.fresh_deliveries, IsEmpty()) << "the first one still waits";
    ASSERT_THAT(state_->deliveries, SizeIs(2));
    EXPECT_EQ(state_->deliveries[1].kind, "update");
    EXPECT_EQ(state_->deliveries[1].next_at, Delivery::kHeld);
    EXPECT_EQ(Told(1, "status"), "approved");
    EXPECT_EQ(Told(1, "event"), "update");
    EXPECT_EQ(Told(1, "change"), "1");

    EXPECT_FALSE(Do(Says(Status::kApproved)).changed) << "the same again";
    auto paid = Do(Says(std::nullopt, "250"));
    EXPECT_EQ(Told(2, "amount"), "250");
    EXPECT_EQ(Told(1, "amount"), "0") << "each tells the state as it was";
    auto rejected = Do(Says(Status::kRejected));
    ASSERT_THAT(state_->deliveries, SizeIs(4));
    EXPECT_EQ(Told(3, "status"), "rejected");
    EXPECT_EQ(state_->changes, 3);
    EXPECT_EQ(state_->due, state_->deliveries[0].next_at);

    std::vector<std::string> order;
    for (size_t i = 0; i < 4; ++i) {
        auto next = Ends(i, i != 1);  // a dead one lets the next go as well
        if (i == 3) {
            EXPECT_THAT(next.fresh_deliveries, IsEmpty());
            EXPECT_FALSE(state_->due);
            break;
        }
        ASSERT_THAT(next.fresh_deliveries, ElementsAre(state_->deliveries[i + 1].id));
        EXPECT_EQ(state_->deliveries[i + 1].next_at, Time{clock_ms});
    }
    EXPECT_THAT(state_->deliveries, SizeIs(4));
}

TEST_F(Owing, AnUpdateThatIsTriedAgainKeepsItsPlace) {
    Do(Says(Status::kPending));
    Do(Says(Status::kApproved));
    Outcome later;
    later.key = state_->key;
    later.delivery_id = state_->deliveries[0].id;
    later.retry_at = Time{clock_ms + 300'000};
    EXPECT_THAT(Do(later).fresh_deliveries, IsEmpty());
    EXPECT_EQ(state_->deliveries[1].next_at, Delivery::kHeld);
    EXPECT_EQ(state_->due, later.retry_at);
}

TEST_F(Owing, StatusesSayWhoIsToldFirst) {
    updates_.statuses.bits = 2;  // approved
    EXPECT_THAT(Do(Says(Status::kPending)).fresh_deliveries, IsEmpty());
    EXPECT_THAT(Do(Says(Status::kApproved)).fresh_deliveries, SizeIs(1));
    EXPECT_EQ(state_->deliveries[0].kind, "postback") << "the first thing it hears";
    Do(Says(Status::kRejected));
    EXPECT_THAT(state_->deliveries, SizeIs(1)) << "it is not told of rejections";
}

TEST_F(Owing, ARejectedConversionIsToldOnlyToWhoKnowsIt) {
    Do(Says(Status::kRejected));
    EXPECT_THAT(state_->deliveries, IsEmpty());
    state_.reset();
    Do(Says(Status::kPending));
    Do(Says(Status::kRejected));
    EXPECT_THAT(state_->deliveries, SizeIs(2));
}

TEST_F(Owing, OffersAreHeldAgainstTheDocument) {
    updates_.offers = {true, {"7"}};
    auto report = Says(Status::kPending);
    report.given.Set(Field::kOfferId, "9");
    EXPECT_THAT(Do(report).fresh_deliveries, IsEmpty());
    report.given.Set(Field::kOfferId, "7");  // a confirmed conversion keeps its offer
    EXPECT_THAT(Do(report).fresh_deliveries, IsEmpty());
    state_.reset();
    EXPECT_THAT(Do(report).fresh_deliveries, SizeIs(1));
}

TEST_F(Owing, ANetworksOwnYesIsToldToTheOthersAlone) {
    auto report = Says(Status::kPending);
    report.deliveries = {{"default", "goal_postback"}, updates_};
    Do(report);
    Ends(1, true, false);
    EXPECT_EQ(state_->status, Status::kPending) << "its yes approves nothing";
    auto accepted = Ends(0, true, true);
    EXPECT_EQ(state_->status, Status::kApproved);
    ASSERT_THAT(accepted.fresh_deliveries, SizeIs(1));
    EXPECT_EQ(state_->deliveries[2].network, "t");
    EXPECT_EQ(state_->deliveries[2].kind, "update");

    state_.reset();
    Do(Says(Status::kPending));
    Ends(0, true, true);
    EXPECT_EQ(state_->status, Status::kApproved);
    EXPECT_THAT(state_->deliveries, SizeIs(1)) << "it said so itself";
}

TEST_F(Owing, WithoutTheWishNothingIsToldTwice) {
    updates_.updates = false;
    Do(Says(Status::kPending));
    Do(Says(Status::kApproved));
    EXPECT_THAT(state_->deliveries, SizeIs(1));
    EXPECT_THAT(state_->deliveries[0].parameters, IsEmpty()) << "read when it is sent";
    EXPECT_EQ(state_->changes, 0);
}

TEST_F(Owing, SettledUpdatesMakeRoom) {
    auto admin = [this](int i) {
        auto report = Says(std::nullopt, std::to_string(i + 1).c_str());
        report.speaker = Speaker::kAdmin;
        return report;
    };
    Do(Says(Status::kPending));
    Ends(0, true);
    for (int i = 0; i < 100; ++i) {
        ASSERT_THAT(Do(admin(i)).fresh_deliveries, SizeIs(1)) << i;
        Ends(state_->deliveries.size() - 1, true);
    }
    EXPECT_THAT(state_->deliveries, SizeIs(Conversion::kDeliveriesMax));
    EXPECT_EQ(state_->changes, 100);
    EXPECT_EQ(state_->deliveries.front().kind, "postback");
    EXPECT_EQ(state_->deliveries.back().change, 100);
    for (int i = 200; i < 300; ++i) Do(admin(i));
    EXPECT_THAT(state_->deliveries, SizeIs(Conversion::kDeliveriesMax));
    EXPECT_EQ(state_->deliveries[27].state, DeliveryState::kWaiting);
    EXPECT_EQ(state_->deliveries[27].change, 101) << "what is being told is never dropped";
    EXPECT_EQ(state_->deliveries[28].change, 102) << "nor the first that wait";
    EXPECT_EQ(state_->deliveries.back().change, 200);
    EXPECT_EQ(Told(31, "amount"), "300");
}

// A network that was down while an admin corrected the sum kept another one from ever being told.
TEST_F(Owing, ANetworkThatIsDownLeavesRoomForTheOthers) {
    Do(Says(Status::kPending));
    for (int i = 0; i < 100; ++i) {
        auto report = Says(std::nullopt, std::to_string(i + 1).c_str());
        report.speaker = Speaker::kAdmin;
        Do(report);
    }
    EXPECT_THAT(state_->deliveries, SizeIs(5));
    EXPECT_EQ(Told(3, "amount"), "3") << "each as it was";
    EXPECT_EQ(Told(4, "amount"), "100") << "and how it stands";
    EXPECT_EQ(state_->deliveries[4].change, 100);
    auto asked = Says(std::nullopt);
    asked.deliveries = {{"default", "goal_postback"}};
    EXPECT_THAT(Do(asked).fresh_deliveries, SizeIs(1));
}

// As 0.1.0 wrote them: each change waits by itself.
TEST_F(Owing, ManyThatAreHeldMakeRoom) {
    Do(Says(Status::kPending));
    for (int64_t change = 1; change < 32; ++change) {
        Delivery held = state_->deliveries[0];
        held.kind = "update";
        held.change = state_->changes = change;
        held.next_at = Delivery::kHeld;
        held.id = DeliveryIdOf(state_->id, "t", "update", change);
        state_->deliveries.push_back(held);
    }
    auto asked = Says(std::nullopt);
    asked.deliveries = {{"default", "goal_postback"}};
    EXPECT_THAT(Do(asked).fresh_deliveries, SizeIs(1));
    ASSERT_THAT(state_->deliveries, SizeIs(Conversion::kDeliveriesMax));
    EXPECT_EQ(state_->deliveries[1].change, 2) << "the oldest gave way";
    EXPECT_EQ(state_->deliveries[30].change, 31);
}

TEST_F(Owing, UpdatesThatDiedGiveWayToWhatMadeThemUntrue) {
    Do(Says(Status::kPending));
    Ends(0, true);
    for (int i = 0; i < 60; ++i) {
        auto report = Says(std::nullopt, std::to_string(i + 1).c_str());
        report.speaker = Speaker::kAdmin;
        auto changed = Do(report);
        ASSERT_THAT(changed.fresh_deliveries, SizeIs(1)) << i;
        EXPECT_EQ(changed.no_room, 0u);
        Ends(state_->deliveries.size() - 1, false);
    }
    EXPECT_THAT(state_->deliveries, SizeIs(Conversion::kDeliveriesMax));
    auto asked = Says(std::nullopt);
    asked.deliveries = {{"default", "goal_postback"}};
    EXPECT_THAT(Do(asked).fresh_deliveries, SizeIs(1));
    EXPECT_TRUE(state_->dead);
}

TEST_F(Owing, WhatHasNoRoomIsDeadAndCountedAndCanBeReplayed) {
    Report report = Says(Status::kPending);
    report.deliveries.clear();
    for (int i = 0; i < 100; ++i) {
        report.deliveries.push_back({NetworkName("n" + std::to_string(i)), "postback", {}});
    }
    const auto recorded = Do(report);
    EXPECT_EQ(recorded.no_room, 100 - Conversion::kDeliveriesMax);
    EXPECT_THAT(recorded.fresh_deliveries, SizeIs(Conversion::kDeliveriesMax));
    ASSERT_THAT(state_->deliveries, SizeIs(Conversion::kDeliveriesMost)) << "bounded";
    const Delivery& late = state_->deliveries[40];
    EXPECT_EQ(late.state, DeliveryState::kDead);
    EXPECT_EQ(late.last_at, Time{clock_ms});
    EXPECT_EQ(late.error, Delivery::kNoRoom);
    EXPECT_FALSE(late.Attempted()) << "nothing is frozen";
    EXPECT_EQ(state_->dead, Time{clock_ms});
    EXPECT_EQ(Do(report).no_room, 100 - Conversion::kDeliveriesMost) << "said again";
    EXPECT_THAT(state_->deliveries, SizeIs(Conversion::kDeliveriesMost));

    const auto woken =
        Do(Replay{state_->key, state_->deliveries[40].id, ObjectId::New(), "me", ""});
    EXPECT_THAT(woken.fresh_deliveries, ElementsAre(state_->deliveries[40].id));
    EXPECT_EQ(state_->deliveries[40].state, DeliveryState::kWaiting);
    EXPECT_EQ(state_->deliveries[40].error, "");
}

// The owner looks for what became due lately: behind what has waited for a network that is down it
// would find this last of all.
TEST_F(Owing, WhatAnotherNodeAddsMakesTheDocumentDueAnew) {
    Do(Says(Status::kPending));
    const Time before = *state_->due;
    auto asked = Says(std::nullopt);
    asked.deliveries = {{"default", "goal_postback"}};
    const Time later{clock_ms + 600'000};
    const auto here = Decide(state_, asked, later, kNode);
    EXPECT_EQ(here.document->due, before);
    const auto elsewhere = Decide(state_, asked, later, "node-2");
    EXPECT_EQ(elsewhere.document->owner, kNode);
    EXPECT_EQ(elsewhere.document->due, later);
    EXPECT_THAT(elsewhere.fresh_deliveries, SizeIs(1));
    const auto nothing = Decide(state_, Says(Status::kRejected), later, "node-2");
    EXPECT_EQ(nothing.document->due, before) << "what is added waits behind the first";
}

TEST_F(Owing, TheCodecKeepsUpdates) {
    Do(Says(Status::kPending));
    Do(Says(Status::kApproved));
    auto decoded = DecodeConversion(Encode(*state_));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->deliveries, state_->deliveries);
    EXPECT_EQ(decoded->changes, 1);
}

}  // namespace
}  // namespace barracuda::domain
