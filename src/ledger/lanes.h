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
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/thread_safety.h"
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
    explicit Lanes(const LaneOptions& options);

    // The entries that one writer works on at a time.
    struct Taken {
        std::vector<Entry> entries;

    private:
        friend class Lanes;
        Lane lane = Lane::kRoutes;
        uint64_t number = 0;
        std::chrono::steady_clock::time_point began{};
        std::vector<size_t> groups;
    };

    // Appends `entry` to its lane. False, and `entry` is left as it was: stopping, or the routes'
    // lane is full.
    [[nodiscard]] bool Push(Entry& entry);
    // Calls `done` when all that is finished which is under way now and which waits in the internal
    // lane, also what comes back: at once, or within Finish.
    void Barrier(std::function<void()> done);

    // Waits for work; nullopt: stopping, and nothing is left.
    std::optional<Taken> Take();
    // Its entries are answered: their groups are free. Those marked `again` are not: they come back
    // in the internal lane after `pause`, and no barrier passes before them. Returns what cannot
    // come back, as it stops.
    std::vector<Entry> Finish(Taken& taken, std::chrono::milliseconds pause = {});

    void Stop();
    size_t depth() const;

private:
    using Clock = std::chrono::steady_clock;

    struct Queue {
        std::deque<Entry> entries;
        Clock::time_point since{};   // from then on the next batch is gathered
        unsigned batches = 0;        // under way
        size_t under_way = 0;        // entries in them
        size_t aside = 0;            // entries that wait for a group
        size_t expected = 1;         // entries that gathering waits for
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

    Queue& Of(Lane lane) REQUIRES(mutex_) { return lane == Lane::kRoutes ? routes_ : internal_; }
    bool Single() const { return options_.writers == 1; }
    void Append(Queue& queue, Entry&& entry) REQUIRES(mutex_);
    // When a batch of it may start; nullopt: not before another one ends.
    std::optional<Clock::time_point> StartOf(const Queue& queue) const REQUIRES(mutex_);
    std::optional<Lane> Ready(Clock::time_point now) const REQUIRES(mutex_);
    void Collect(Lane lane, Taken& into) REQUIRES(mutex_);
    void CollectFrom(Queue& queue, Taken& into, size_t& bytes) REQUIRES(mutex_);
    void BringBack(Clock::time_point now) REQUIRES(mutex_);
    void Sleep(MutexLock& lock) REQUIRES(mutex_);
    void Release(Taken& taken) REQUIRES(mutex_);
    void CountOff(const Entry& entry) REQUIRES(mutex_);
    std::vector<std::function<void()>> Passed() REQUIRES(mutex_);

    const LaneOptions options_;
    mutable Mutex mutex_;
    Condition wake_;
    Queue routes_ GUARDED_BY(mutex_), internal_ GUARDED_BY(mutex_);
    std::multimap<Clock::time_point, Entry> later_ GUARDED_BY(mutex_);
    // Those under way; with one writer none is noted.
    std::unordered_map<size_t, Group> groups_ GUARDED_BY(mutex_);
    uint64_t batches_ GUARDED_BY(mutex_) = 0;
    bool stopping_ GUARDED_BY(mutex_) = false;

    uint64_t epoch_ GUARDED_BY(mutex_) = 0;
    std::map<uint64_t, size_t> unfinished_ GUARDED_BY(mutex_);  // entries by epoch
    std::vector<Waiting> barriers_ GUARDED_BY(mutex_);
};

// Entries of one group: by click, or by document outside the conversions.
size_t GroupOf(const store::Ref& ref);

}  // namespace barracuda::ledger
