#include "ledger/lanes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

namespace barracuda::ledger {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

// `name` is click and number: "a1" is the first of click "a".
Entry EntryNamed(const std::string& name, Lane lane = Lane::kRoutes) {
    Entry entry;
    entry.ref = {store::Collection::kSettings, name.substr(0, 1)};
    entry.group = GroupOf(entry.ref);
    entry.lane = lane;
    entry.work = CommandWork{domain::TakeOver{{ClickId(name), GoalId("g"), ""}, ""}, nullptr};
    return entry;
}

void Push(Lanes& lanes, const std::string& name, Lane lane = Lane::kRoutes) {
    Entry entry = EntryNamed(name, lane);
    EXPECT_TRUE(lanes.Push(entry)) << name;
}

std::vector<std::string> NamesIn(const Lanes::Taken& taken) {
    std::vector<std::string> names;
    for (const auto& entry : taken.entries) {
        names.push_back(domain::KeyOf(entry.command()->command).click.value);
    }
    return names;
}

TEST(Lanes, OneWriterTakesBothLanesInternalStepsFirst) {
    Lanes lanes({.writers = 1});
    Push(lanes, "a1");
    Push(lanes, "b1", Lane::kInternal);
    Push(lanes, "a2");
    EXPECT_EQ(lanes.depth(), 3u);
    auto taken = lanes.Take();
    EXPECT_THAT(NamesIn(*taken), ElementsAre("b1", "a1", "a2"));
    lanes.Finish(*taken);
    EXPECT_EQ(lanes.depth(), 0u);
}

TEST(Lanes, ABatchIsBounded) {
    Lanes lanes({.writers = 1, .batch_entries_max = 2});
    for (const char* name : {"a1", "a2", "a3"}) Push(lanes, name);
    auto first = lanes.Take();
    EXPECT_THAT(NamesIn(*first), ElementsAre("a1", "a2"));
    lanes.Finish(*first);
    auto second = lanes.Take();
    EXPECT_THAT(NamesIn(*second), ElementsAre("a3"));
    lanes.Finish(*second);
}

TEST(Lanes, SeveralWritersTakeOneLaneEach) {
    Lanes lanes({.writers = 4});
    Push(lanes, "a1");
    Push(lanes, "b1", Lane::kInternal);
    auto internal = lanes.Take(), routes = lanes.Take();
    EXPECT_THAT(NamesIn(*internal), ElementsAre("b1"));
    EXPECT_THAT(NamesIn(*routes), ElementsAre("a1"));
    lanes.Finish(*internal);
    lanes.Finish(*routes);
}

TEST(Lanes, WhatComesForAGroupUnderWayWaitsAsideInOrder) {
    Lanes lanes({.writers = 4});
    Push(lanes, "a1");
    auto first = lanes.Take();
    Push(lanes, "a2");
    Push(lanes, "b1");
    Push(lanes, "a3");
    auto beside = lanes.Take();  // after a while, though less than a batch's worth waits
    EXPECT_THAT(NamesIn(*beside), ElementsAre("b1"));
    EXPECT_EQ(lanes.depth(), 2u);
    Push(lanes, "a4");
    Push(lanes, "a5", Lane::kInternal);
    lanes.Finish(*first);
    auto internal = lanes.Take();
    EXPECT_THAT(NamesIn(*internal), ElementsAre("a5")) << "another lane, and nobody has the group";
    lanes.Finish(*internal);
    auto rest = lanes.Take();
    EXPECT_THAT(NamesIn(*rest), ElementsAre("a2", "a3", "a4"));
    lanes.Finish(*beside);
    lanes.Finish(*rest);
    EXPECT_EQ(lanes.depth(), 0u);
}

TEST(Lanes, AFullLaneCountsWhatWaitsAside) {
    Lanes lanes({.writers = 4, .queue_max = 2});
    Push(lanes, "a1");
    auto first = lanes.Take();
    Push(lanes, "a2");
    Push(lanes, "a3");
    Entry more = EntryNamed("a4");
    EXPECT_FALSE(lanes.Push(more));
    EXPECT_TRUE(more.command()) << "left as it was";
    Push(lanes, "a5", Lane::kInternal);  // never refused
    lanes.Finish(*first);
}

TEST(Lanes, ManyThatWaitStartABatchBesideTheFirst) {
    Lanes lanes({.writers = 4});
    Push(lanes, "a1");
    auto first = lanes.Take();
    for (int i = 0; i < 200; ++i) Push(lanes, std::string(1, static_cast<char>(i)) + "x");
    auto beside = lanes.Take();
    EXPECT_GE(beside->entries.size(), 100u);
    lanes.Finish(*beside);
    lanes.Finish(*first);
}

TEST(Lanes, ABarrierPassesWhatWasHandedOverBefore) {
    for (unsigned writers : {1u, 4u}) {
        Lanes lanes({.writers = writers});
        std::atomic<int> passed = 0;
        lanes.Barrier([&] { ++passed; });
        EXPECT_EQ(passed, 1) << "nothing is under way";
        Push(lanes, "a1", Lane::kInternal);
        auto first = lanes.Take();
        Push(lanes, "b1", Lane::kInternal);
        lanes.Barrier([&] { ++passed; });
        Push(lanes, "c1", Lane::kInternal);
        auto second = lanes.Take();
        EXPECT_THAT(NamesIn(*second), UnorderedElementsAre("b1", "c1"));
        lanes.Finish(*second);
        EXPECT_EQ(passed, 1) << "the first batch is still under way";
        lanes.Finish(*first);
        EXPECT_EQ(passed, 2);
    }
}

TEST(Lanes, ABarrierWaitsForRoutesOnlyIfTheyAreUnderWay) {
    Lanes lanes({.writers = 4});
    std::atomic<int> passed = 0;
    Push(lanes, "a1");
    lanes.Barrier([&] { ++passed; });
    EXPECT_EQ(passed, 1);
    auto taken = lanes.Take();
    lanes.Barrier([&] { ++passed; });
    EXPECT_EQ(passed, 1);
    lanes.Finish(*taken);
    EXPECT_EQ(passed, 2);
}

TEST(Lanes, WhatIsNotAnsweredComesBackAndNoBarrierPassesBeforeIt) {
    for (unsigned writers : {1u, 4u}) {
        Lanes lanes({.writers = writers});
        std::atomic<int> passed = 0;
        Push(lanes, "a1", Lane::kInternal);
        auto taken = lanes.Take();
        lanes.Barrier([&] { ++passed; });
        for (int i = 0; i < 3; ++i) {
            taken->entries[0].again = true;
            EXPECT_TRUE(lanes.Finish(*taken, milliseconds(5)).empty());
            lanes.Barrier([&] { ++passed; });
            EXPECT_EQ(passed, 0) << "it is not done";
            EXPECT_EQ(lanes.depth(), 1u);
            taken = lanes.Take();
            EXPECT_THAT(NamesIn(*taken), ElementsAre("a1"));
            taken->entries[0].again = false;
        }
        lanes.Finish(*taken);
        EXPECT_EQ(passed, 4);
    }
}

TEST(Lanes, AStopFinishesWhatIsQueuedAsideAndLater) {
    for (unsigned writers : {1u, 4u}) {
        Lanes lanes({.writers = writers});
        std::atomic<int> done = 0;
        std::promise<void> hold;
        auto held = hold.get_future().share();
        Push(lanes, "b1", Lane::kInternal);
        auto later = lanes.Take();
        later->entries[0].again = true;
        EXPECT_TRUE(lanes.Finish(*later, std::chrono::hours(1)).empty());
        std::vector<std::jthread> threads;
        for (unsigned i = 0; i < writers; ++i) {
            threads.emplace_back([&] {
                while (auto taken = lanes.Take()) {
                    held.wait();
                    done += static_cast<int>(taken->entries.size());
                    lanes.Finish(*taken);
                }
            });
        }
        for (int i = 0; i < 50; ++i) Push(lanes, "a" + std::to_string(i));
        for (int i = 0; i < 50; ++i) Push(lanes, "a" + std::to_string(i), Lane::kInternal);
        lanes.Stop();
        Entry refused = EntryNamed("c1");
        EXPECT_FALSE(lanes.Push(refused));
        hold.set_value();
        threads.clear();
        EXPECT_EQ(done, 101);
    }
}

TEST(Lanes, WhatCannotComeBackIsReturnedAtAStop) {
    Lanes lanes({.writers = 1});
    Push(lanes, "a1", Lane::kInternal);
    Push(lanes, "b1", Lane::kInternal);
    auto taken = lanes.Take();
    std::atomic<int> passed = 0;
    lanes.Barrier([&] { ++passed; });
    lanes.Stop();
    taken->entries[0].again = true;
    auto left = lanes.Finish(*taken, milliseconds(1));
    ASSERT_EQ(left.size(), 1u);
    EXPECT_EQ(domain::KeyOf(left[0].command()->command).click.value, "a1");
    EXPECT_EQ(passed, 1);
    EXPECT_FALSE(lanes.Take());
}

}  // namespace
}  // namespace barracuda::ledger
