// A network that cannot be sent for never delays deliveries to the others.
#include "delivery/dispatcher_fixture.h"

namespace barracuda::delivery {
namespace {

// A stopped network's backlog is the oldest work there is, and stands in front of everybody's.
TEST_F(DispatcherTest, WhatIsOwedToAStoppedNetworkHoldsUpNobodysRetry) {
    OweToAStopped(2'000);
    Answers(500);
    Record("mine");
    Work();
    Answers(200);
    now_.ms += 6'000;
    steady_ += seconds(6);
    held_ = true;
    dispatcher_->Step(milliseconds(0));
    EXPECT_EQ(client_.in_flight(), 1u) << "found by the first look, not behind 2,000";
    held_ = false;
    Work();
    EXPECT_EQ(Read("mine").state, domain::DeliveryState::kDone);
}

TEST_F(DispatcherTest, WhatFoundNoRoomIsSentAsSoonAsThereIsSome) {
    OweToAStopped(2'000);
    rules_["small"].concurrency = 2;  // holds eight
    for (int i = 0; i < 50; ++i) Record(fmt::format("mine{}", i), "small");
    Work(3);
    EXPECT_EQ(Calls(), 50u) << "in seven rounds, and no time has passed";
}

TEST_F(DispatcherTest, WhatIsOwedWhileItMayNotSendIsSentOnceItMay) {
    End();
    Fenced fence;
    ownership_ = &fence;
    Begin();
    OweToAStopped(2'000);
    fence.fenced = true;
    Record("mine");
    Pass(seconds(2));
    EXPECT_EQ(Calls(), 0u);
    fence.fenced = false;
    now_.ms += 1'000;
    steady_ += seconds(1);
    held_ = true;
    for (int i = 0; i < 3; ++i) dispatcher_->Step(milliseconds(0));
    EXPECT_EQ(client_.in_flight(), 1u) << "not behind 2,000";
    held_ = false;
    Work();
    EXPECT_EQ(Read("mine").state, domain::DeliveryState::kDone);
    End();
    ownership_ = nullptr;
}

TEST_F(DispatcherTest, AnotherBootFindsADueRetryBehindAStoppedNetworksBacklog) {
    OweToAStopped(2'000);
    Answers(500);
    Record("mine");
    Work();
    Answers(200);
    End();
    Begin();
    now_.ms += 6'000;
    steady_ += seconds(6);
    for (int i = 0; i < 15; ++i) Pass(milliseconds(50));
    EXPECT_EQ(Read("mine").state, domain::DeliveryState::kDone)
        << "2,001 are taken over in 9 pages";
}

// Of another node, whose clock differs: it adds a delivery to a conversion that this one delivers,
// and tells nobody.
void AddElsewhere(store::Engine& engine, const std::string& click, Time its_now) {
    ledger::Hooks hooks;
    hooks.now = [its_now] { return its_now; };
    ledger::Ledger other(engine, {.node = "boot-other"}, std::move(hooks));
    domain::Report report;
    report.route = "goals_postback";
    report.key = {ClickId(click), GoalId("6"), ""};
    report.goal_type = domain::GoalType::kDeposit;
    report.deliveries = {{"second", domain::kGoalPostback, {}}};
    report.new_id = report.command_id = ObjectId::New();
    other.SubmitInternal(report, [](Result<domain::Decision> decision) {
        ASSERT_EQ(decision->fresh_deliveries.size(), 1u);
        ASSERT_EQ(decision->document->owner, "boot-1");
    });
    other.Stop();
}

// With clocks that differ by 2 s it was found behind everything that was due to a dead network.
TEST_F(DispatcherTest, WhatAnotherNodeAddsIsFoundWhereverItsClockStands) {
    OweToAStopped(2'000);
    for (int64_t behind_ms : {0, 300, 2'000, 55'000, -500}) {
        const std::string mine = fmt::format("mine{}", behind_ms);
        Answers(500);
        Record(mine);  // a retry waits, in 5 s
        Work();
        Answers(200);
        const size_t before = Calls();
        AddElsewhere(*engine_, mine, Time{now_.ms - behind_ms});
        for (int i = 0; i < 3; ++i) Pass(milliseconds(300));
        EXPECT_EQ(Calls(), before + 1) << behind_ms;
        Pass(seconds(6));
        EXPECT_EQ(Calls(), before + 2) << "and the retry";
    }
}

TEST_F(DispatcherTest, WhatAnotherNodeAddsToWhatWaitsForAStoppedNetworkIsFound) {
    OweToAStopped(2'000);
    Pass(seconds(600));
    for (int64_t behind_ms : {0, 2'000, 55'000}) {
        const size_t before = Calls();
        AddElsewhere(
            *engine_, fmt::format("c{}", 1'000 + behind_ms / 1'000), Time{now_.ms - behind_ms}
        );
        for (int i = 0; i < 3; ++i) Pass(milliseconds(300));
        EXPECT_EQ(Calls(), before + 1) << behind_ms;
    }
}

// Looking behind the last look costs entries of the queue, no documents that were read before.
TEST_F(DispatcherTest, WhatWasReadIsNotReadAgainByLookingBehind) {
    OweToAStopped(400);
    for (int i = 0; i < 60; ++i) dispatcher_->Step(milliseconds(0));
    const size_t before = reads_.documents;
    for (int i = 0; i < 20; ++i) Pass(milliseconds(200));
    EXPECT_LT(reads_.documents, before + 1'000) << "all of it by every look: many thousands";
}

TEST_F(DispatcherTest, ACancelledProbeIsReplacedByAnother) {
    rules_["default"].concurrency = 4;
    Work();  // the rules are read
    Answers(500);
    for (int i = 0; i < 30; ++i) Record(fmt::format("c{}", i));
    Work();
    size_t waiting = 0;
    for (int i = 0; i < 30; ++i) {
        const auto delivery = Read(fmt::format("c{}", i));
        if (delivery.attempts > 0) continue;
        dispatcher_->Drop(delivery);  // one of these is kept to be the next probe
        ++waiting;
    }
    ASSERT_GT(waiting, 1u) << "the breaker opened before all were tried";
    EXPECT_EQ(dispatcher_->queues()[0].waiting, 0u);
    const size_t before = Calls();
    Answers(200);
    for (int i = 0; i < 4; ++i) Pass(milliseconds(500));
    EXPECT_GT(Calls(), before) << "it is found out that the network is well";
    EXPECT_EQ(dispatcher_->queues()[0].breaker, Breaker::State::kClosed);
}

}  // namespace
}  // namespace barracuda::delivery
