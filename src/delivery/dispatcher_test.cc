// The dispatcher over a real ledger and a network on loopback, with clocks moved by hand.
#include "delivery/dispatcher.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "ledger/test_settle.h"
#include "net/test_server.h"
#include "store/forwarding_engine.h"
#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::SizeIs;

// Runs `between` after a document was read and before the reader has it.
class SlowReads final : public store::ForwardingEngine {
public:
    using ForwardingEngine::ForwardingEngine;
    std::function<void()> between;
    size_t documents = 0;  // read so far

    Result<std::vector<std::optional<std::string>>> Load(std::span<const store::Ref> refs
    ) override {
        auto found = ForwardingEngine::Load(refs);
        documents += refs.size();
        if (between) between();
        return found;
    }
};

class DispatcherTest : public testing::Test {
protected:
    void SetUp() override { Begin(); }
    void TearDown() override { End(); }

    void Begin() {
        DispatcherOptions options;
        options.poll = milliseconds(100);
        options.now = [this] { return now_; };
        options.steady = [this] { return steady_; };
        options.random = [] { return 0.5; };  // no jitter
        options.rules = [this](const std::string& queue) {
            return rules_[std::string(NetworkOfQueue(queue))];
        };
        options.stop = [this](ledger::Ledger&, const std::string& name) {
            rules_[name].stopped = "gone";
        };
        dispatcher_ = std::make_unique<Dispatcher>(reads_, client_, network_, std::move(options));
        ledger::Hooks hooks;
        hooks.now = [this] { return now_; };
        hooks.owed = [this](const auto& c, const auto& ids) { dispatcher_->Owe(c, ids); };
        ledger_ = std::make_unique<ledger::Ledger>(
            *engine_, ledger::Options{.node = fmt::format("boot-{}", ++boots_)}, std::move(hooks)
        );
        dispatcher_->Attach(*ledger_);
    }
    void End() {
        if (ledger_) ledger_->Stop();
        dispatcher_.reset();
        ledger_.reset();
    }

    // What the network answers to this click; by default `status_`.
    std::string Answer(const net::TestRequest& request) {
        const size_t from = request.target.find("click_id=") + 9;
        std::string click = request.target.substr(from, request.target.find('&', from) - from);
        {
            std::lock_guard lock(mutex_);
            calls_.push_back(click);
        }
        while (held_) std::this_thread::sleep_for(milliseconds(1));
        std::lock_guard lock(mutex_);
        return net::TestReply(status_, "", headers_);
    }
    void Record(
        const std::string& click,
        const std::string& destination = "default",
        const char* kind = domain::kGoalPostback
    ) {
        domain::Report report;
        report.route = "goals_postback";
        report.key = {ClickId(click), GoalId("6"), ""};
        report.goal_type = domain::GoalType::kDeposit;
        report.deliveries = {{destination, kind, {}}};
        report.new_id = report.command_id = ObjectId::New();
        ledger_->SubmitInternal(report, [](Result<domain::Decision> decision) {
            ASSERT_TRUE(decision);
        });
        ledger::Settle(*ledger_);
    }
    // And has the dispatcher look at all of it, until only what is new is looked at first.
    void OweToAStopped(int count) {
        rules_["down"].stopped = "by an operator";
        for (int i = 0; i < count; ++i) Record(fmt::format("c{}", i), "down");
        for (int round = 0; round < 2; ++round) {
            Pass(seconds(1));
            for (int i = 0; i < count / 5; ++i) dispatcher_->Step(milliseconds(0));
        }
    }
    // Steps until nothing moves any more at this moment.
    void Work(int quiet_rounds = 6) {
        size_t before = Calls();
        for (int quiet = 0; quiet < quiet_rounds; ++quiet) {
            dispatcher_->Step(milliseconds(2));
            ledger::Settle(*ledger_);
            if (client_.in_flight() > 0 || Calls() != before) quiet = 0;
            before = Calls();
        }
    }
    void Pass(milliseconds time) {
        now_.ms += time.count();
        steady_ += time;
        Work();
    }
    size_t Calls() {
        std::lock_guard lock(mutex_);
        return calls_.size();
    }
    void Answers(int status, std::string headers = "") {
        std::lock_guard lock(mutex_);
        status_ = status;
        headers_ = std::move(headers);
    }
    domain::Delivery Read(const std::string& click) {
        auto ref = store::RefOf({ClickId(click), GoalId("6"), ""});
        return domain::DecodeConversion(*engine_->Load(std::span(&ref, 1))->front())
            ->deliveries.at(0);
    }

    std::mutex mutex_;
    std::vector<std::string> calls_;  // under mutex_
    std::atomic<bool> held_ = false;  // answers wait
    int status_ = 200;                // under mutex_
    std::string headers_;             // under mutex_
    Time now_{1'700'000'000'000};
    Instant steady_ = Instant{} + std::chrono::hours(1'000);
    std::map<std::string, DestinationRules> rules_;
    int boots_ = 0;
    net::TestServer server_{[this](const net::TestRequest& request) { return Answer(request); }};
    std::unique_ptr<store::KvEngine> engine_ = std::move(*store::KvEngine::Open(
        std::make_unique<store::MemoryKv>(std::make_shared<store::MemoryKv::Data>())
    ));
    SlowReads reads_{*engine_};
    net::Client client_{net::Loopback()};
    Network network_{client_, {.base_url = server_.url(), .hash = "h"}};
    std::unique_ptr<Dispatcher> dispatcher_;
    std::unique_ptr<ledger::Ledger> ledger_;
};

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

// With the old trigger every delivery of the others read a page of what could not be sent, on the
// thread that sends: their p99 doubled (bench/delivery.py, hanging).
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
    EXPECT_EQ(reads_.documents, before) << "no time has passed; it was 12,005";
}

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

// The two APIs of one network are two services, mostly of two hosts.
TEST_F(DispatcherTest, ApiThatHangsLeavesTheNetworksOtherOneAsItWas) {
    rules_["default"].concurrency = 2;
    held_ = true;
    for (int i = 0; i < 10; ++i) Record(fmt::format("c{}", i));
    dispatcher_->Step(milliseconds(5));
    Record("private", "default", domain::kPrivateApi);
    for (int i = 0; i < 500 && Read("private").state == domain::DeliveryState::kWaiting; ++i) {
        dispatcher_->Step(milliseconds(5));
        ledger::Settle(*ledger_);
        if (Read("private").Attempted()) break;
    }
    EXPECT_TRUE(Read("private").Attempted()) << "its settings are missing, which is an answer";
    std::vector<std::string> names;
    for (const auto& stats : dispatcher_->destinations()) names.push_back(stats.name);
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
    const auto stats = dispatcher_->destinations();
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
        ledger::Settle(*ledger_);
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
        domain::Settle cancelled;
        cancelled.key = {ClickId(click), GoalId("6"), ""};
        cancelled.delivery_id = Read(click).id;
        cancelled.state = domain::DeliveryState::kCancelled;
        cancelled.command_id = ObjectId::New();
        ledger_->SubmitInternal(cancelled, [](Result<domain::Decision> decision) {
            ASSERT_TRUE(decision);
        });
        ledger::Settle(*ledger_);
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
    EXPECT_EQ(dispatcher_->destinations()[0].attempts, 2u);
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
        for (const auto& one : dispatcher_->destinations()) {
            if (one.name == name) return one.due;
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

// What an operator wakes is tried although the breaker is open.
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
    ledger::Settle(*ledger_);
    Work();
    EXPECT_EQ(Read("dead").state, domain::DeliveryState::kDone) << "no second has passed";
}

}  // namespace
}  // namespace barracuda::delivery
