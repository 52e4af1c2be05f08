// The two lanes into the ledger, and what its writers take from them.
//
// One writer takes whatever is queued, internal steps first, and never waits for more (natural
// group commit). Several writers are for a store where a commit is a round trip between machines:
// each takes a batch of one lane, and several batches are under way at a time. A group (all
// documents of one click, or one other document) is only ever in one of them; what comes for it
// meanwhile waits aside, in order. As such a round trip costs the store much however little is in
// it, a writer gathers a moment before it starts one, and starts a second one beside it only when
// that is worth it (docs/decisions/mongodb.md).
//
//     Lanes lanes({.writers = 4});
//     lanes.Push(entry);                                    // false: full, or stopping
//     while (auto taken = lanes.Take()) { …; lanes.Finish(*taken); }   // each writer's thread
//
// Threads: every method from any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "ledger/entry.h"

namespace barracuda::ledger {

struct LaneOptions {
    unsigned writers = 1;
    size_t queue_max = 65'536;  // routes' lane, entries
    size_t batch_entries_max = 1'024;
    size_t batch_bytes_max = 4 << 20;
};

class Lanes {
public:
    explicit Lanes(const LaneOptions& options) : options_(options) {}

    // What one writer works on at a time.
    struct Taken {
        std::vector<Entry> entries;

    private:
        friend class Lanes;
        Lane lane = Lane::kRoutes;
        uint64_t number = 0;
        std::chrono::steady_clock::time_point began{};
        std::vector<size_t> groups;
    };

    // False, and `entry` is left as it was: stopping, or the routes' lane is full.
    [[nodiscard]] bool Push(Entry& entry);
    // An internal entry comes back after `pause`. False, and it is left as it was: stopping.
    [[nodiscard]] bool PushLater(Entry& entry, std::chrono::milliseconds pause);
    // Calls `done` when all that is finished which is under way now and which waits in the internal
    // lane: at once, or within Finish.
    void Barrier(std::function<void()> done);

    // Waits for work; nullopt: stopping, and nothing is left.
    std::optional<Taken> Take();
    // Its entries are answered: their groups are free.
    void Finish(Taken& taken);

    void Stop();
    size_t depth() const;

private:
    using Clock = std::chrono::steady_clock;

    struct Queue {
        std::deque<Entry> entries;
        Clock::time_point since{};   // since when a next batch may be gathered
        unsigned batches = 0;        // under way
        size_t under_way = 0;        // entries in them
        size_t aside = 0;            // entries that wait for a group
        size_t expected = 1;         // what gathering waits for
        Clock::duration typical{0};  // time of a batch
    };
    struct Group {
        uint64_t batch = 0;
        std::deque<Entry> aside;
    };
    struct Waiting {
        uint64_t epoch;
        std::function<void()> done;
    };

    Queue& Of(Lane lane) { return lane == Lane::kRoutes ? routes_ : internal_; }
    bool Single() const { return options_.writers == 1; }
    void Append(Queue& queue, Entry entry);
    // When a batch of it may start; nullopt: not before another one ends.
    std::optional<Clock::time_point> StartOf(const Queue& queue) const;
    std::optional<Lane> Ready(Clock::time_point now) const;
    void Collect(Lane lane, Taken& into);
    void CollectFrom(Queue& queue, Taken& into, size_t& bytes);
    void BringBack(Clock::time_point now);
    void Sleep(std::unique_lock<std::mutex>& lock);
    void Release(Taken& taken);
    std::vector<std::function<void()>> Passed();

    const LaneOptions options_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    Queue routes_, internal_;
    std::multimap<Clock::time_point, Entry> later_;
    std::unordered_map<size_t, Group> groups_;  // under way; with one writer nobody asks
    uint64_t batches_ = 0;
    bool stopping_ = false;

    uint64_t epoch_ = 0;
    std::map<uint64_t, size_t> unfinished_;  // entries by epoch
    std::vector<Waiting> barriers_;
};

// Entries of one group: by click, or by document outside the conversions.
size_t GroupOf(const store::Ref& ref);

}  // namespace barracuda::ledger
