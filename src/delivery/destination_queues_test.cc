#include "delivery/destination_queues.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace barracuda::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::SizeIs;
using Health = Ending::Health;

class QueuesTest : public testing::Test {
protected:
    DestinationQueues Make(size_t attempts_max = 256) {
        DestinationQueues::Options options;
        options.attempts_max = attempts_max;
        options.rules = [this](const NetworkName& name) { return rules_[name]; };
        return DestinationQueues(std::move(options));
    }
    static Job JobFor(const NetworkName& network, int i = 0) {
        Job job;
        job.queue = {network};
        job.delivery_id = DeliveryId(fmt::format("{}-{}", network.value, i));
        return job;
    }
    int Fill(DestinationQueues& queues, const NetworkName& network, int most = 100'000) {
        int taken = 0;
        while (taken < most && queues.TryPush(JobFor(network, taken), now_)) ++taken;
        return taken;
    }
    // By queue, in the order in which they may begin now.
    std::vector<std::string> Begin(DestinationQueues& queues, size_t most = 100'000) {
        std::vector<std::string> begun;
        while (begun.size() < most) {
            auto job = queues.Next(now_);
            if (!job) break;
            begun.push_back(job->queue.Text());
        }
        return begun;
    }
    void End(DestinationQueues& queues, const NetworkName& name, Health health) {
        Ending ending;
        ending.health = health;
        for (const auto& job : queues.Ended({name}, ending, now_)) forgotten_.push_back(job);
        queues.Release({name});
    }

    std::map<NetworkName, NetworkRules> rules_;
    std::vector<Job> forgotten_;
    Instant now_ = Instant{} + std::chrono::hours(1);
};

TEST_F(QueuesTest, DestinationsTakeTurns) {
    auto queues = Make();
    Fill(queues, "a", 5);
    Fill(queues, "b", 2);
    Fill(queues, "c", 1);
    EXPECT_EQ(Begin(queues), (std::vector<std::string>{"a", "b", "c", "a", "b", "a", "a", "a"}));
}

TEST_F(QueuesTest, EachHasItsOwnLimitAndItsOwnRoom) {
    rules_["small"].concurrency = 2;
    auto queues = Make();
    EXPECT_EQ(Fill(queues, "small"), 8);
    EXPECT_EQ(Fill(queues, "large"), 256);
    EXPECT_THAT(Begin(queues), SizeIs(2 + 64));
    End(queues, "small", Health::kAlive);
    EXPECT_EQ(Begin(queues), std::vector<std::string>{"small"});
    EXPECT_TRUE(queues.TryPush(JobFor("small"), now_)) << "one outcome is recorded";
    EXPECT_FALSE(queues.TryPush(JobFor("small"), now_));
}

TEST_F(QueuesTest, SaysOnceWhenWhatItRefusedHasRoomAgain) {
    rules_["a"].concurrency = 2;
    auto queues = Make();
    EXPECT_EQ(Fill(queues, "a"), 8) << "and one was refused";
    std::vector<bool> said;
    for (int i = 0; i < 8; ++i) {
        ASSERT_TRUE(queues.Next(now_));
        queues.Ended({"a"}, {.health = Health::kAlive}, now_);
        said.push_back(queues.Release({"a"}));
    }
    EXPECT_EQ(said, (std::vector<bool>{0, 0, 0, 1, 0, 0, 0, 0}));
}

TEST_F(QueuesTest, WhatIsNotRecordedYetKeepsItsPlace) {
    rules_["a"].concurrency = 1;
    auto queues = Make();
    EXPECT_EQ(Fill(queues, "a"), 4);
    Begin(queues);
    queues.Ended({"a"}, {.health = Health::kAlive}, now_);
    EXPECT_FALSE(queues.TryPush(JobFor("a"), now_)) << "a slow store must not be outrun";
    queues.Release({"a"});
    EXPECT_TRUE(queues.TryPush(JobFor("a"), now_));
}

TEST_F(QueuesTest, OneThatHangsCannotTakeTheOthersPlaces) {
    for (const char* name : {"hangs", "b", "c"}) rules_[NetworkName(name)].concurrency = 100;
    auto queues = Make(100);
    Fill(queues, "hangs");
    EXPECT_THAT(Begin(queues), SizeIs(100)) << "alone it may have all";
    for (int i = 0; i < 60; ++i) End(queues, "hangs", Health::kAlive);
    Fill(queues, "b");
    Fill(queues, "c");
    std::map<std::string, int> begun;
    for (const auto& name : Begin(queues)) ++begun[name];
    EXPECT_GE(begun["b"], 25);
    EXPECT_GE(begun["c"], 25);
    EXPECT_LE(begun["b"] + begun["c"] + begun["hangs"], 60);
}

TEST_F(QueuesTest, IsPendingWhatWaitsForMoreThanAnAttemptsEnd) {
    rules_["a"].concurrency = 1;
    rules_["paced"].rate_per_second = 1;
    auto queues = Make(2);
    EXPECT_FALSE(queues.Pending({"a"}));
    Fill(queues, "a", 2);
    EXPECT_TRUE(queues.Pending({"a"}));
    EXPECT_THAT(Begin(queues), SizeIs(1));
    EXPECT_FALSE(queues.Pending({"a"})) << "its only slot is taken";
    Fill(queues, "paced", 1);
    EXPECT_THAT(Begin(queues), SizeIs(1));
    Fill(queues, "paced", 1);
    EXPECT_FALSE(queues.Pending({"paced"})) << "all slots of all destinations are taken";
    End(queues, "a", Health::kAlive);
    EXPECT_TRUE(queues.Pending({"a"}));
    EXPECT_TRUE(queues.Pending({"paced"})) << "it waits for time, so somebody must set a timer";
}

TEST_F(QueuesTest, ARateHoldsOverEverySecond) {
    rules_["a"].rate_per_second = 50;
    auto queues = Make();
    int begun = 0;
    for (int ms = 0; ms < 10'000; ms += 5, now_ += milliseconds(5)) {
        Fill(queues, "a", 10);
        for (const auto& name : Begin(queues)) {
            End(queues, NetworkName(name), Health::kAlive);
            ++begun;
        }
    }
    EXPECT_NEAR(begun, 500, 5);
    Fill(queues, "a", 10);
    while (queues.Next(now_)) End(queues, "a", Health::kAlive);
    ASSERT_TRUE(queues.Wake(now_));
    EXPECT_LE(*queues.Wake(now_), now_ + milliseconds(20));
    EXPECT_LE(queues.waiting(), 100u) << "no more is held than two seconds take";
}

TEST_F(QueuesTest, ABrokenOneIsProbedAndNothingElseIsKeptForIt) {
    auto queues = Make();
    Fill(queues, "down", 30);
    Fill(queues, "up", 1);
    Begin(queues, 12);
    for (int i = 0; i < 10; ++i) End(queues, "down", Health::kOutage);
    EXPECT_THAT(forgotten_, SizeIs(30 - 12)) << "all that was not begun, but for the next probe";
    EXPECT_FALSE(queues.TryPush(JobFor("down"), now_));
    EXPECT_TRUE(queues.TryPush(JobFor("up"), now_));
    now_ += seconds(1);
    EXPECT_EQ(Fill(queues, "down", 5), 5);
    Begin(queues, 1);  // up's
    EXPECT_EQ(Begin(queues), std::vector<std::string>{"down"}) << "one probe";
    forgotten_.clear();
    End(queues, "down", Health::kOutage);
    EXPECT_THAT(forgotten_, SizeIs(4));
    now_ += seconds(2);
    Fill(queues, "down", 5);
    Begin(queues, 1);
    End(queues, "down", Health::kAlive);
    EXPECT_THAT(Begin(queues), SizeIs(5)) << "it is back";
}

// With nothing reported and nothing due, only that job can find out that a network is well again.
TEST_F(QueuesTest, ABrokenOneIsProbedThoughNobodyComesBy) {
    auto queues = Make();
    Fill(queues, "down", 12);
    Begin(queues, 10);
    for (int i = 0; i < 10; ++i) End(queues, "down", Health::kOutage);
    EXPECT_THAT(Begin(queues), testing::IsEmpty());
    ASSERT_TRUE(queues.Wake(now_));
    now_ = *queues.Wake(now_);
    EXPECT_THAT(Begin(queues), SizeIs(1));
    End(queues, "down", Health::kOutage);
    EXPECT_TRUE(queues.TryPush(JobFor("down", 99), now_)) << "the one after that";
    EXPECT_FALSE(queues.TryPush(JobFor("down", 100), now_));
    EXPECT_TRUE(queues.Wake(now_));
}

// Or it would wait for a look at all that is due, behind what is owed to others.
TEST_F(QueuesTest, WhatABrokenOneGaveBackIsToldOnceItIsWell) {
    auto queues = Make();
    auto job_due = [](int64_t due) {
        Job job = JobFor("down", static_cast<int>(due));
        domain::Delivery& delivery = job.conversion.deliveries.emplace_back();
        delivery.id = job.delivery_id;
        delivery.next_at = Time{due};
        return job;
    };
    for (int due = 100; due < 130; ++due) ASSERT_TRUE(queues.TryPush(job_due(due), now_));
    EXPECT_EQ(queues.TakeMissed(now_), std::nullopt);
    Begin(queues, 12);
    for (int i = 0; i < 10; ++i) End(queues, "down", Health::kOutage);
    EXPECT_FALSE(queues.TryPush(job_due(200), now_));
    EXPECT_EQ(queues.TakeMissed(now_), std::nullopt) << "it is not well";
    now_ += seconds(1);
    ASSERT_TRUE(queues.TryPush(job_due(200), now_));
    EXPECT_EQ(queues.TakeMissed(now_), std::nullopt) << "nor while it is probed";
    Begin(queues, 1);
    for (int i = 0; i < 3; ++i) End(queues, "down", Health::kAlive);
    EXPECT_EQ(queues.TakeMissed(now_), Time{113}) << "twelve were begun, one was kept as a probe";
    EXPECT_EQ(queues.TakeMissed(now_), std::nullopt) << "once";
    rules_["full"].concurrency = 1;
    Fill(queues, "full");
    Job late = job_due(300);
    late.queue = {"full"};
    EXPECT_FALSE(queues.TryPush(late, now_));
    EXPECT_EQ(queues.TakeMissed(now_), std::nullopt) << "there is no room for it yet";
    for (int i = 0; i < 2; ++i) {
        Begin(queues);
        End(queues, "full", Health::kAlive);
    }
    EXPECT_EQ(queues.TakeMissed(now_), Time{300});
}

// An operator cancelled the one delivery that was kept to be the next probe, or stopped the network
// and resumed it: nobody probed until something new was reported.
TEST_F(QueuesTest, AProbeThatIsLostIsLookedForAgain) {
    for (bool cancelled : {true, false}) {
        auto queues = Make();
        auto job_due = [](int64_t due) {
            Job job = JobFor("down", static_cast<int>(due));
            domain::Delivery& delivery = job.conversion.deliveries.emplace_back();
            delivery.id = job.delivery_id;
            delivery.next_at = Time{due};
            return job;
        };
        for (int due = 100; due < 130; ++due) ASSERT_TRUE(queues.TryPush(job_due(due), now_));
        Begin(queues, 12);
        for (int i = 0; i < 10; ++i) End(queues, "down", Health::kOutage);
        for (int i = 0; i < 2; ++i) End(queues, "down", Health::kOutage);
        EXPECT_EQ(queues.MissedProbe(now_), std::nullopt) << "one is kept";
        if (cancelled) {
            EXPECT_TRUE(queues.Remove({"down"}, "down-112"));
        } else {
            rules_["down"].stopped = "by an operator";
            EXPECT_THAT(queues.RefreshRules(), SizeIs(1));
            EXPECT_EQ(queues.MissedProbe(now_), std::nullopt) << "nothing is sent there";
            rules_["down"].stopped.clear();
            queues.RefreshRules();
        }
        EXPECT_EQ(queues.TakeMissed(now_), std::nullopt);
        const Time since{cancelled ? 113 : 112};
        EXPECT_EQ(queues.MissedProbe(now_), since);
        EXPECT_EQ(queues.MissedProbe(now_), since) << "until one is offered";
        EXPECT_TRUE(queues.TryPush(job_due(113), now_));
        EXPECT_FALSE(queues.TryPush(job_due(114), now_)) << "one is enough";
        EXPECT_EQ(queues.MissedProbe(now_), std::nullopt);
        EXPECT_TRUE(queues.Remove({"down"}, "down-113"));
        queues.NothingToProbe(now_);
        EXPECT_EQ(queues.MissedProbe(now_), std::nullopt);
    }
}

TEST_F(QueuesTest, WhoWaitsForAnAttemptIsAProbeOnceASecond) {
    auto queues = Make();
    Fill(queues, "down", 20);
    Begin(queues);
    for (int i = 0; i < 10; ++i) End(queues, "down", Health::kOutage);
    queues.TryNow({"down"}, now_);
    EXPECT_EQ(Fill(queues, "down", 3), 3);
    EXPECT_THAT(Begin(queues), SizeIs(1));
    End(queues, "down", Health::kOutage);
    queues.TryNow({"down"}, now_);
    EXPECT_FALSE(queues.TryPush(JobFor("down"), now_));
}

TEST_F(QueuesTest, AStoppedOneGetsNothingUntilItIsResumed) {
    auto queues = Make();
    Fill(queues, "a", 3);
    Begin(queues, 1);
    Ending gone{.health = Health::kAlive, .gone = true};
    EXPECT_THAT(queues.Ended({"a"}, gone, now_), SizeIs(2));
    EXPECT_TRUE(queues.IsGone({"a"}));
    queues.Release({"a"});
    rules_["a"].stopped = "answered 410";
    queues.RefreshRules();
    now_ += std::chrono::hours(10);
    EXPECT_FALSE(queues.TryPush(JobFor("a"), now_));
    rules_["a"].stopped.clear();
    queues.RefreshRules();
    EXPECT_FALSE(queues.IsGone({"a"}));
    Fill(queues, "a", 3);
    EXPECT_THAT(Begin(queues), SizeIs(3));
}

TEST_F(QueuesTest, AStopGivesBackWhatWaitsAndSoDoesRemove) {
    rules_["a"].concurrency = 1;
    auto queues = Make();
    EXPECT_EQ(Fill(queues, "a"), 4);
    EXPECT_THAT(Begin(queues), SizeIs(1));
    EXPECT_TRUE(queues.Remove({"a"}, "a-2"));
    EXPECT_FALSE(queues.Remove({"a"}, "a-2"));
    EXPECT_FALSE(queues.Remove({"a"}, "a-0")) << "it is under way";
    EXPECT_EQ(queues.waiting(), 2u);
    rules_["a"].stopped = "by an operator";
    EXPECT_THAT(queues.RefreshRules(), SizeIs(2));
    EXPECT_EQ(queues.waiting(), 0u);
    EXPECT_THAT(queues.RefreshRules(), SizeIs(0));
    rules_["a"].stopped.clear();
    queues.RefreshRules();
    EXPECT_EQ(Fill(queues, "a"), 3) << "the one under way keeps its place";
}

TEST_F(QueuesTest, WhereA410IsOneClicksMatterItTakesSeveralInARow) {
    rules_["a"].gone_in_row_max = 3;
    auto queues = Make();
    auto ended = [&](bool gone) {
        Fill(queues, "a", 1);
        Begin(queues);
        queues.Ended({"a"}, {.health = Health::kAlive, .gone = gone}, now_);
        queues.Release({"a"});
    };
    for (bool gone : {true, true, false, true, true}) ended(gone);
    EXPECT_FALSE(queues.IsGone({"a"}));
    ended(true);
    EXPECT_TRUE(queues.IsGone({"a"}));
}

TEST_F(QueuesTest, RetryAfterHoldsAllWhenManySaySoButNotForEver) {
    auto queues = Make();
    Ending ending{.health = Health::kSilent, .slow_down = true, .hold = seconds(3)};
    auto ended = [&] {
        queues.Ended({"a"}, ending, now_);
        queues.Release({"a"});
    };
    Fill(queues, "a", 12);
    Begin(queues, 5);
    for (int i = 0; i < 4; ++i) ended();
    EXPECT_THAT(Begin(queues, 1), SizeIs(1)) << "a few are those deliveries' matter";
    ended();
    now_ += milliseconds(2'900);
    EXPECT_THAT(Begin(queues), SizeIs(0));
    EXPECT_EQ(*queues.Wake(now_), now_ + milliseconds(100));
    now_ += milliseconds(100);
    EXPECT_THAT(Begin(queues, 1), SizeIs(1));
    ending.hold = std::chrono::hours(24);
    ended();
    now_ += DestinationQueues::kHoldMax;
    EXPECT_THAT(Begin(queues, 1), SizeIs(1));
}

TEST_F(QueuesTest, WhatWasNotSentLeavesNoTrace) {
    rules_["a"].concurrency = 1;
    auto queues = Make();
    Fill(queues, "a");
    Begin(queues);
    queues.NotSent({"a"});
    EXPECT_THAT(Begin(queues), SizeIs(1));
    EXPECT_EQ(queues.Stats(now_).at(0).attempts, 1u);
}

TEST_F(QueuesTest, TellsHowEachIsDoing) {
    auto queues = Make();
    Fill(queues, "a", 3);
    Begin(queues, 2);
    queues.Ended(
        {"a"}, {.health = Health::kAlive, .took = milliseconds(30), .accepted = true}, now_
    );
    const auto stats = queues.Stats(now_);
    ASSERT_THAT(stats, SizeIs(1));
    EXPECT_EQ(stats[0].queue.Text(), "a");
    EXPECT_EQ(stats[0].attempts, 2u);
    EXPECT_EQ(stats[0].accepted, 1u);
    EXPECT_EQ(stats[0].under_way, 1u);
    EXPECT_EQ(stats[0].waiting, 1u);
    EXPECT_EQ(stats[0].times.counts[3], 1u) << "between 25 and 50 ms";
}

}  // namespace
}  // namespace barracuda::delivery
