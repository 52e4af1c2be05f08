// The dispatcher: schedules, breakers, stops, boots.
#include "delivery/dispatcher_fixture.h"

namespace barracuda::delivery {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

TEST_F(DispatcherTest, TheWholeScheduleAndThenDead) {
    Answers(500);
    Record("c");
    const Time begin = now_;
    std::vector<int64_t> at_s;
    for (int minute = 0; minute <= 80 * 60; ++minute) {
        const size_t before = Calls();
        Work();
        for (size_t i = before; i < Calls(); ++i) at_s.push_back((now_.ms - begin.ms) / 1'000);
        const auto delivery = Read("c");
        if (delivery.state != domain::DeliveryState::kWaiting) break;
        // To the moment it says itself, and not one before.
        const milliseconds left(delivery.next_at.ms - now_.ms);
        const size_t calls = Calls();
        Pass(left - milliseconds(1));
        EXPECT_EQ(Calls(), calls) << "too early";
        now_.ms += 1;
        steady_ += milliseconds(200);
    }
    // 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h after the one before.
    std::vector<int64_t> expected;
    int64_t sum = 0;
    for (int64_t step : {0, 5, 300, 1'800, 7'200, 18'000, 36'000, 50'400, 72'000, 86'400}) {
        expected.push_back(sum += step);
    }
    EXPECT_EQ(at_s, expected);
    EXPECT_EQ(Read("c").state, domain::DeliveryState::kDead);
    EXPECT_EQ(Read("c").attempts, 10);
}

TEST_F(DispatcherTest, RetryAfterIsHeard) {
    Answers(503, "Retry-After: 60\r\n");
    Record("c");
    Work();
    EXPECT_EQ(Read("c").next_at.ms - now_.ms, 66'000) << "60 s and half of 20 %";
}

TEST_F(DispatcherTest, AGoneNetworkGetsNothingMoreAndNothingIsLost) {
    Answers(410);
    Record("first");
    Work();
    EXPECT_EQ(Read("first").state, domain::DeliveryState::kDead);
    Answers(200);
    Record("second");
    Pass(seconds(3'600));
    EXPECT_EQ(Calls(), 1u);
    EXPECT_EQ(Read("second").state, domain::DeliveryState::kWaiting);
    rules_["default"].stopped.clear();  // an operator
    Pass(seconds(1));
    EXPECT_EQ(Read("second").state, domain::DeliveryState::kDone);
}

TEST_F(DispatcherTest, ADeadNetworkIsProbedAndHoldsNobodyUp) {
    Answers(500);
    for (int i = 0; i < 300; ++i) Record(fmt::format("c{}", i));
    Work();
    const size_t first = Calls();
    EXPECT_GE(first, 10u);
    EXPECT_LE(first, 10u + 64u + 1u) << "the breaker opened";
    Pass(milliseconds(1'100));
    EXPECT_EQ(Calls(), first + 1) << "one probe";
    Answers(200);
    Record("other", "second");
    Work();
    EXPECT_EQ(Read("other").state, domain::DeliveryState::kDone)
        << "at once, past 300 that are due";
    Pass(seconds(3));
    Pass(seconds(30));
    for (int i = 0; i < 300; ++i) {
        EXPECT_EQ(Read(fmt::format("c{}", i)).state, domain::DeliveryState::kDone) << i;
    }
}

// A page of deliveries that cannot be sent, read on the thread that sends for every delivery of the
// others, doubles their p99 (bench/delivery.py, hanging).
TEST_F(DispatcherTest, WhatCannotBeSentIsNotReadForEveryDeliveryOfTheOthers) {
    Answers(500);
    for (int i = 0; i < 300; ++i) Record(fmt::format("c{}", i));
    Work();
    size_t before = 0;
    do {  // the rounds that were begun or asked for meanwhile
        before = reads_.documents;
        Work();
    } while (reads_.documents != before);
    Answers(200);
    for (int i = 0; i < 50; ++i) {
        Record(fmt::format("other{}", i), "second");
        Work();
        EXPECT_EQ(Read(fmt::format("other{}", i)).state, domain::DeliveryState::kDone);
    }
    EXPECT_EQ(reads_.documents, before) << "no time has passed";
}

// The two APIs of one network are two services, mostly of two hosts.
TEST_F(DispatcherTest, ApiThatHangsLeavesTheNetworksOtherOneAsItWas) {
    rules_["default"].concurrency = 2;
    held_ = true;
    for (int i = 0; i < 10; ++i) Record(fmt::format("c{}", i));
    dispatcher_->Step(milliseconds(5));
    Record("private", "default", domain::kPrivateApi);
    for (int i = 0; i < 500 && Read("private").state == domain::DeliveryState::kWaiting; ++i) {
        dispatcher_->Step(milliseconds(5));
        ledger::Drain(*ledger_);
        if (Read("private").Attempted()) break;
    }
    EXPECT_TRUE(Read("private").Attempted()) << "its settings are missing, which is an answer";
    std::vector<std::string> names;
    for (const auto& stats : dispatcher_->queues()) names.push_back(stats.queue.Text());
    EXPECT_THAT(names, ElementsAre("default", "default:private_api"));
    held_ = false;
    Work();
}

// Whoever reports once the network is back need not wait for the end of a pause.
TEST_F(DispatcherTest, AFreshDeliveryIsAProbe) {
    Answers(500);
    for (int i = 0; i < 30; ++i) Record(fmt::format("c{}", i));
    for (int i = 0; i < 4; ++i) Pass(seconds(20));  // failed probes: the pause is long by now
    Answers(200);
    steady_ += milliseconds(1'100);
    Record("fresh");
    for (int i = 0; i < 4; ++i) dispatcher_->Step(milliseconds(5));
    Work();
    EXPECT_EQ(Read("fresh").state, domain::DeliveryState::kDone);
}

TEST_F(DispatcherTest, ARateHolds) {
    rules_["default"].rate_per_second = 10;
    Work();  // the rules are read
    for (int i = 0; i < 60; ++i) Record(fmt::format("c{}", i));
    Work();
    const size_t before = Calls();
    EXPECT_LE(before, 1u);
    for (int i = 0; i < 30; ++i) Pass(milliseconds(100));
    EXPECT_NEAR(static_cast<double>(Calls() - before), 30, 2);
    for (int i = 0; i < 40; ++i) Pass(milliseconds(100));
    EXPECT_EQ(Calls(), 60u);
}

TEST_F(DispatcherTest, MoreThanThereIsRoomForIsAllSent) {
    rules_["default"].concurrency = 2;
    for (int i = 0; i < 500; ++i) Record(fmt::format("c{}", i));
    for (int i = 0; i < 100 && Calls() < 500; ++i) Pass(milliseconds(100));
    EXPECT_EQ(Calls(), 500u);
    std::set<std::string> once(calls_.begin(), calls_.end());
    EXPECT_THAT(once, SizeIs(500));
    const auto stats = dispatcher_->queues();
    ASSERT_THAT(stats, SizeIs(1));
    EXPECT_EQ(stats[0].accepted, 500u);
    EXPECT_EQ(stats[0].waiting + stats[0].under_way, 0u);
}

TEST_F(DispatcherTest, AnotherBootGoesOn) {
    Answers(500);
    for (int i = 0; i < 5; ++i) Record(fmt::format("c{}", i));
    Work();
    End();
    Answers(200);
    Begin();
    Pass(seconds(10));
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(Read(fmt::format("c{}", i)).state, domain::DeliveryState::kDone) << i;
    }
}

// Seen in a storm: a page of the work queue was read, then the outcome of one of its deliveries was
// recorded, then the page was gone through: the delivery went out again.
TEST_F(DispatcherTest, WhatIsRecordedWhileAPageIsReadIsNotSentAgain) {
    held_ = true;
    Record("c");
    while (Calls() == 0) dispatcher_->Step(milliseconds(5));  // it is under way
    EXPECT_EQ(Read("c").state, domain::DeliveryState::kWaiting);
    int pages = 0;
    reads_.between = [&] {
        ++pages;
        held_ = false;
        while (client_.in_flight() > 0) client_.Step(milliseconds(5));
        ledger::Drain(*ledger_);
        EXPECT_EQ(Read("c").state, domain::DeliveryState::kDone);
    };
    now_.ms += 200;
    steady_ += milliseconds(200);
    dispatcher_->Step(milliseconds(0));
    EXPECT_EQ(pages, 1);
    reads_.between = nullptr;
    Work();
    EXPECT_EQ(Calls(), 1u);
}

// A cancelled delivery stood in the queue of a network that was slow, and went out when its turn
// came.
TEST_F(DispatcherTest, WhatAnOperatorEndsWhileItWaitsIsNotSent) {
    rules_["default"].concurrency = 1;
    Work();  // the rules are read
    held_ = true;
    Record("first");
    while (Calls() == 0) dispatcher_->Step(milliseconds(5));  // it is under way
    for (const char* click : {"here", "elsewhere", "last"}) Record(click);
    auto cancel = [this](const char* click) {
        domain::EndDelivery cancelled;
        cancelled.key = {ClickId(click), GoalId("6"), ""};
        cancelled.delivery_id = Read(click).id;
        cancelled.state = domain::DeliveryState::kCancelled;
        cancelled.command_id = ObjectId::New();
        ledger_->SubmitInternal(cancelled, [](Result<domain::Decision> decision) {
            ASSERT_TRUE(decision);
        });
        ledger::Drain(*ledger_);
    };
    cancel("here");
    dispatcher_->Drop(Read("here"));
    cancel("elsewhere");  // by another node, which has another dispatcher
    now_.ms += 2'000;
    steady_ += seconds(2);
    held_ = false;
    Work();
    EXPECT_THAT(calls_, ElementsAre("first", "last"));
    EXPECT_EQ(Read("here").state, domain::DeliveryState::kCancelled);
    EXPECT_EQ(Read("elsewhere").state, domain::DeliveryState::kCancelled);
    EXPECT_EQ(dispatcher_->counters().in_flight, 0u);
    EXPECT_EQ(dispatcher_->queues()[0].attempts, 2u);
}

TEST_F(DispatcherTest, AStopIsFollowedAtOnceAlsoByWhatWaits) {
    rules_["default"].concurrency = 1;
    Work();
    held_ = true;
    Record("first");
    while (Calls() == 0) dispatcher_->Step(milliseconds(5));
    Record("waits");
    rules_["default"].stopped = "by an operator";
    dispatcher_->FollowRules();
    Record("fresh");
    held_ = false;
    Work();
    EXPECT_THAT(calls_, ElementsAre("first"));
    EXPECT_EQ(dispatcher_->counters().in_flight, 0u) << "no copy of what waits is kept";
    rules_["default"].stopped.clear();
    Pass(seconds(1));
    EXPECT_THAT(calls_, testing::UnorderedElementsAre("first", "waits", "fresh"));
}

// The age of what one dead network is owed hid that another's stood still.
TEST_F(DispatcherTest, EachNetworkHasItsOwnCountOfWhatIsDue) {
    rules_["down"].stopped = "by an operator";
    rules_["slow"].stopped = "by an operator";
    Work();  // the rules are read
    for (int i = 0; i < 40; ++i) Record(fmt::format("d{}", i), "down");
    const Time down_since = now_;
    Pass(seconds(60));
    for (int i = 0; i < 3; ++i) Record(fmt::format("s{}", i), "slow");
    const Time slow_since = now_;
    auto due = [&](const char* name) {
        for (const auto& one : dispatcher_->queues()) {
            if (one.queue.Text() == name) return one.due;
        }
        return DueTally::Due();
    };
    for (int i = 0; i < 20; ++i) Pass(milliseconds(200));
    EXPECT_EQ(due("down").count, 40u);
    EXPECT_EQ(due("down").oldest, down_since);
    EXPECT_EQ(due("slow").count, 3u);
    EXPECT_EQ(due("slow").oldest, slow_since);
    EXPECT_EQ(dispatcher_->counters().oldest_due, down_since);
    rules_["down"].stopped.clear();
    for (int i = 0; i < 20; ++i) Pass(milliseconds(200));
    EXPECT_EQ(due("down").count, 0u);
    EXPECT_EQ(due("down").oldest, std::nullopt);
    EXPECT_EQ(due("slow").count, 3u);
}

// A delivery that an operator wakes is tried although the breaker is open.
TEST_F(DispatcherTest, AReplayIsAProbe) {
    Answers(410);
    rules_["default"].gone_in_row_max = 1'000;
    Record("dead");
    Work();
    Answers(500);
    for (int i = 0; i < 20; ++i) Record(fmt::format("c{}", i));
    Work();
    Answers(200);
    auto ref = store::RefOf({ClickId("dead"), GoalId("6"), ""});
    auto dead = *domain::DecodeConversion(*engine_->Load(std::span(&ref, 1))->front());
    domain::Replay replay{dead.key, dead.deliveries[0].id, ObjectId::New(), "admin:me", ""};
    ledger_->SubmitInternal(replay, [](auto) {});
    ledger::Drain(*ledger_);
    Work();
    EXPECT_EQ(Read("dead").state, domain::DeliveryState::kDone) << "no second has passed";
}

// Found by the simulation (sim/): an operator was told that nothing is sent, and a call that had
// waited for a connection went out after that.
TEST_F(DispatcherTest, WhatWaitsForAConnectionIsNotSentOnceItsNetworkIsStopped) {
    constexpr size_t kConnections = 32;  // to one host
    held_ = true;
    for (size_t i = 0; i < kConnections + 8; ++i) Record(fmt::format("c{}", i));
    while (Calls() < kConnections) dispatcher_->Step(milliseconds(5));
    rules_["default"].stopped = "by an operator";
    dispatcher_->FollowRules();
    held_ = false;
    Work();
    EXPECT_EQ(Calls(), kConnections);
    EXPECT_EQ(dispatcher_->counters().in_flight, 0u);
    rules_["default"].stopped.clear();
    Pass(seconds(2));
    EXPECT_EQ(Calls(), kConnections + 8);
}

}  // namespace
}  // namespace barracuda::delivery
