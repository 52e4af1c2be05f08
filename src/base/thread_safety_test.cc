// That the locks lock is the standard library's; that the wrappers call it is shown here. That a
// lock is missing is tools/locks.py's to find.
#include "base/thread_safety.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/test_wait.h"

namespace barracuda {
namespace {

using std::chrono::milliseconds;

class Counter {
public:
    void Add() {
        MutexLock lock(mutex_);
        ++count_;
        changed_.notify_all();
    }
    bool Reaches(int count, milliseconds within) {
        MutexLock lock(mutex_);
        return changed_.wait_for(lock, within, [&]() REQUIRES(mutex_) { return count_ >= count; });
    }
    bool ReachesBy(int count, std::chrono::steady_clock::time_point at) {
        MutexLock lock(mutex_);
        return changed_.wait_until(lock, at, [&]() REQUIRES(mutex_) { return count_ >= count; });
    }

private:
    Mutex mutex_;
    Condition changed_;
    int count_ GUARDED_BY(mutex_) = 0;
};

TEST(Locks, NoIncrementIsLost) {
    Counter counter;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < 5'000; ++i) counter.Add();
            });
        }
    }
    EXPECT_TRUE(counter.Reaches(20'000, milliseconds(0)));
    EXPECT_FALSE(counter.Reaches(20'001, milliseconds(1)));
    EXPECT_FALSE(counter.ReachesBy(20'001, std::chrono::steady_clock::now()));
}

TEST(Locks, AWaitEndsWithWhatItWaitsFor) {
    Counter counter;
    std::jthread later([&] {
        std::this_thread::sleep_for(milliseconds(20));
        counter.Add();
    });
    EXPECT_TRUE(counter.Reaches(1, std::chrono::seconds(30)));
}

TEST(Locks, ReadersAreTogetherAndAWriterIsAlone) {
    SharedMutex mutex;
    std::atomic<int> reading = 0;
    std::atomic<bool> both = false, wrote = false;
    {
        auto read = [&] {
            ReadLock lock(mutex);
            ++reading;
            both = both || Comes([&] { return reading == 2 || both; });
        };
        std::jthread one(read), two(read);
    }
    EXPECT_TRUE(both) << "each had the lock while the other had it";
    std::jthread writer;
    {
        ReadLock lock(mutex);
        writer = std::jthread([&] {
            WriteLock alone(mutex);
            wrote = true;
        });
        std::this_thread::sleep_for(milliseconds(20));
        EXPECT_FALSE(wrote);
    }
    EXPECT_TRUE(Comes([&] { return wrote.load(); }));
}

TEST(Locks, ALockThatWasLetGoIsFreeForOthers) {
    Mutex mutex;
    MutexLock lock(mutex);
    lock.unlock();
    std::jthread([&] { MutexLock other(mutex); }).join();
    lock.lock();  // and is given back at the end
}

}  // namespace
}  // namespace barracuda
