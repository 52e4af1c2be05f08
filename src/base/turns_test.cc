// Turns: one at a time, in order, across callbacks and threads.
#include "base/turns.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

namespace barracuda {
namespace {

TEST(Turns, TheFirstBeginsAtOnceAndTheNextWhenItHasEnded) {
    Turns turns;
    std::vector<int> begun;
    Turns::Turn held;
    turns.Take([&](Turns::Turn turn) {
        begun.push_back(1);
        held = std::move(turn);
    });
    turns.Take([&](Turns::Turn) { begun.push_back(2); });
    turns.Take([&](Turns::Turn) { begun.push_back(3); });
    EXPECT_EQ(begun, std::vector<int>({1}));
    Turns::Turn copy = held;
    held.reset();
    EXPECT_EQ(begun, std::vector<int>({1})) << "a copy holds the turn";
    copy.reset();
    EXPECT_EQ(begun, std::vector<int>({1, 2, 3})) << "in the order of Take";
}

TEST(Turns, WorkThatTakesAnotherTurnWithinItsOwnIsServedAfterIt) {
    Turns turns;
    std::vector<int> ended;
    turns.Take([&](Turns::Turn) {
        turns.Take([&](Turns::Turn) { ended.push_back(2); });
        ended.push_back(1);
    });
    EXPECT_EQ(ended, std::vector<int>({1, 2}));
}

TEST(Turns, ALongLineOfShortWorkIsNoDeepRecursion) {
    Turns turns;
    Turns::Turn held;
    turns.Take([&](Turns::Turn turn) { held = std::move(turn); });
    int done = 0;
    constexpr int kMany = 200'000;  // each within the one before would be more than a stack holds
    for (int i = 0; i < kMany; ++i) turns.Take([&](Turns::Turn) { ++done; });
    EXPECT_EQ(done, 0);
    held.reset();
    EXPECT_EQ(done, kMany);
}

TEST(Turns, WorkThatThrowsEndsItsTurn) {
    Turns turns;
    EXPECT_THROW(
        turns.Take([](Turns::Turn) { throw std::runtime_error("fault"); }), std::runtime_error
    );
    bool next = false;
    turns.Take([&](Turns::Turn) { next = true; });
    EXPECT_TRUE(next);
}

TEST(Turns, ATurnOutlivesWhoGaveIt) {
    std::optional<Turns> turns(std::in_place);
    Turns::Turn held;
    bool second = false;
    turns->Take([&](Turns::Turn turn) { held = std::move(turn); });
    turns->Take([&](Turns::Turn) { second = true; });
    turns.reset();
    EXPECT_FALSE(second);
    held.reset();
    EXPECT_TRUE(second) << "what was taken is done";
}

// Adds without a lock what others add too, and lets another thread end the turn.
struct Unguarded {
    int value = 0;
    std::atomic<int> inside = 0, most_inside = 0;

    void AddSlowly() {
        const int now = ++inside;
        int most = most_inside.load();
        while (most < now && !most_inside.compare_exchange_weak(most, now)) {
        }
        const int before = value;
        std::this_thread::yield();
        value = before + 1;
        --inside;
    }
};

TEST(Turns, NothingOfTwoThreadsRunsTogether) {
    constexpr int kThreads = 6, kEach = 150;
    Turns turns;
    Unguarded sum;
    std::atomic<int> ended = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < kThreads; ++i) {
            threads.emplace_back([&] {
                for (int n = 0; n < kEach; ++n) {
                    turns.Take([&, n](Turns::Turn turn) {  // perhaps on another thread
                        if (n % 50 != 0) {
                            sum.AddSlowly();
                            ++ended;
                            return;
                        }
                        std::thread([&, turn = std::move(turn)]() mutable {
                            sum.AddSlowly();
                            ++ended;
                            turn.reset();
                        }).join();
                    });
                }
            });
        }
    }
    // Whoever is in the loop works for the others too, so all has ended when all threads have.
    EXPECT_EQ(ended.load(), kThreads * kEach);
    EXPECT_EQ(sum.value, kThreads * kEach);
    EXPECT_EQ(sum.most_inside.load(), 1);
}

}  // namespace
}  // namespace barracuda
