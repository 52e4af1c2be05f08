// What is owed to a network that cannot be sent for stands in front of nobody else.
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

}  // namespace
}  // namespace barracuda::delivery
