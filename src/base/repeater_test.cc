#include "base/repeater.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <future>
#include <string>

#include "base/test_wait.h"

namespace barracuda {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Steps {
    std::atomic<int> done = 0;
    bool Reach(int wanted) const {
        return Comes([&] { return done >= wanted; });
    }
};

TEST(Repeater, RepeatsUntilItIsStopped) {
    Steps steps;
    std::string name;
    Repeater repeater;
    repeater.Start("tester", 1ms, [&] {
        char of_this[16] = {};
        pthread_getname_np(pthread_self(), of_this, sizeof of_this);
        name = of_this;
        ++steps.done;
    });
    EXPECT_TRUE(steps.Reach(3));
    repeater.Stop();
    const int then = steps.done;
    EXPECT_EQ(name, "tester");
    EXPECT_TRUE(repeater.stopping());
    repeater.Wake();
    repeater.Stop();
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(steps.done, then);
}

TEST(Repeater, TheFirstStepIsAtOnceOrAfterThePause) {
    Steps at_once, later;
    Repeater first, second;
    first.Start("first", 1h, [&] { ++at_once.done; });
    second.Start(
        "second", 1h, [&] { ++later.done; }, Repeater::First::kAfterPause
    );
    EXPECT_TRUE(at_once.Reach(1));
    EXPECT_EQ(later.done, 0);
    second.Wake();
    EXPECT_TRUE(later.Reach(1));
}

TEST(Repeater, AWakeDuringAStepMakesForOneMore) {
    Steps steps;
    std::promise<void> begun, go;
    auto gone = go.get_future().share();
    Repeater repeater;
    repeater.Start("tester", 1h, [&] {
        if (steps.done == 0) {
            begun.set_value();
            gone.wait();
        }
        ++steps.done;
    });
    begun.get_future().wait();
    repeater.Wake();
    repeater.Wake();
    go.set_value();
    EXPECT_TRUE(steps.Reach(2));
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(steps.done, 2);
}

TEST(Repeater, AStepMayHaveTheNextOneComeSooner) {
    Steps steps;
    Repeater repeater;
    repeater.Start("tester", 1h, [&] {
        if (++steps.done < 3) repeater.ComeBy(Clock::now() + 5ms);
    });
    EXPECT_TRUE(steps.Reach(3));
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(steps.done, 3) << "it is said of one pause alone";
    Repeater later;
    Steps of_later;
    later.Start("later", 1ms, [&] {
        ++of_later.done;
        later.ComeBy(Clock::now() + 1h);
    });
    EXPECT_TRUE(of_later.Reach(3));
}

TEST(Repeater, StopWaitsForTheStepUnderWay) {
    std::promise<void> begun;
    std::atomic<bool> over = false;
    Repeater repeater;
    repeater.Start("tester", 1h, [&] {
        begun.set_value();
        std::this_thread::sleep_for(20ms);
        over = true;
    });
    begun.get_future().wait();
    repeater.Stop();
    EXPECT_TRUE(over);
}

}  // namespace
}  // namespace barracuda
