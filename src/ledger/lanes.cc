#include "ledger/lanes.h"

#include <algorithm>
#include <string_view>

#include "base/check.h"

namespace barracuda::ledger {

namespace {

using std::chrono::milliseconds;

// A second batch of a lane starts beside the first one when so many wait for it, or so long.
constexpr size_t kBesideEntries = 128;
constexpr milliseconds kBesideAfterMin{20}, kBesideAfterMax{100};
// Gathering may cost half of what a batch takes, and never more than this.
constexpr milliseconds kGatherMax{10};

}  // namespace

size_t GroupOf(const store::Ref& ref) {
    std::string_view key = ref.key;
    if (ref.collection == store::Collection::kConversions) key = key.substr(0, key.find('\0'));
    return std::hash<std::string_view>()(key) ^ static_cast<size_t>(ref.collection);
}

Lanes::Lanes(const LaneOptions& options) : options_(options) {
    BARRACUDA_CHECK(options.writers > 0 && options.batch_entries_max > 0);
}

void Lanes::Append(Queue& queue, Entry&& entry) {
    if (queue.entries.empty()) queue.since = Clock::now();
    queue.entries.push_back(std::move(entry));
}

bool Lanes::Push(Entry& entry) {
    BARRACUDA_CHECK(entry.open() && !entry.answered);
    const Lane lane = entry.lane;
    MutexLock lock(mutex_);
    Queue& queue = Of(lane);
    const size_t waiting = queue.entries.size() + queue.aside;
    if (stopping_ || (lane == Lane::kRoutes && waiting >= options_.queue_max)) return false;
    if (lane == Lane::kInternal) {
        entry.epoch = epoch_;
        ++unfinished_[epoch_];
    }
    Append(queue, std::move(entry));
    // Others sleep until a batch is worth starting: whoever wakes looks at the clock anew.
    const size_t size = queue.entries.size();
    // Under the lock: once it is free the entry may be answered, and who waited for that may end
    // us.
    if (Single() || size == 1 || size == queue.expected || size == kBesideEntries) {
        wake_.notify_one();
    }
    return true;
}

void Lanes::BringBack(Clock::time_point now) {
    while (!later_.empty() && (stopping_ || later_.begin()->first <= now)) {
        Append(internal_, std::move(later_.begin()->second));
        later_.erase(later_.begin());
    }
}

std::optional<Lanes::Clock::time_point> Lanes::StartOf(const Queue& queue) const {
    // One writer stays free for the other lane.
    if (queue.entries.empty() || queue.batches + 1 >= options_.writers) return std::nullopt;
    const size_t size = queue.entries.size();
    if (stopping_ || size >= options_.batch_entries_max) return Clock::time_point::min();
    if (queue.batches == 0) {
        if (size >= queue.expected) return Clock::time_point::min();
        return queue.since + std::min<Clock::duration>(queue.typical / 2, kGatherMax);
    }
    if (size >= kBesideEntries) return Clock::time_point::min();
    return queue.since +
           std::clamp<Clock::duration>(2 * queue.typical, kBesideAfterMin, kBesideAfterMax);
}

std::optional<Lane> Lanes::Ready(Clock::time_point now) const {
    if (Single()) {
        if (internal_.entries.empty() && routes_.entries.empty()) return std::nullopt;
        return Lane::kInternal;
    }
    auto internal = StartOf(internal_), routes = StartOf(routes_);
    if (internal && *internal <= now) return Lane::kInternal;
    if (routes && *routes <= now) return Lane::kRoutes;
    return std::nullopt;
}

void Lanes::CollectFrom(Queue& queue, Taken& into, size_t& bytes) {
    const size_t most = into.entries.size() + queue.entries.size();
    into.entries.reserve(std::min(most, options_.batch_entries_max));  // to grow moves them all
    while (!queue.entries.empty() && into.entries.size() < options_.batch_entries_max &&
           bytes < options_.batch_bytes_max) {
        Entry& entry = queue.entries.front();
        if (!Single()) {
            auto [at, free] = groups_.try_emplace(entry.group, Group{into.number, {}});
            if (!free && at->second.batch != into.number) {
                BARRACUDA_CHECK(at->second.batch < into.number);  // an earlier one has the group
                at->second.aside.push_back(std::move(entry));
                ++queue.aside;
                queue.entries.pop_front();
                continue;
            }
            if (free) into.groups.push_back(entry.group);
        }
        if (entry.lane == Lane::kRoutes) {
            entry.epoch = epoch_;
            ++unfinished_[epoch_];
        }
        bytes += entry.bytes;
        into.entries.push_back(std::move(entry));
        queue.entries.pop_front();
    }
    queue.since = into.began;
}

// One writer takes both lanes, internal steps first.
void Lanes::Collect(Lane lane, Taken& into) {
    BARRACUDA_CHECK(into.entries.empty() && into.number == 0);
    into.lane = lane;
    into.number = ++batches_;
    into.began = Clock::now();
    Queue& first = Of(lane);
    size_t queued = first.entries.size() + (Single() ? routes_.entries.size() : 0);
    into.entries.reserve(std::min(queued, options_.batch_entries_max));
    size_t bytes = 0;
    CollectFrom(first, into, bytes);
    if (Single()) CollectFrom(routes_, into, bytes);
    BARRACUDA_CHECK(into.entries.size() <= options_.batch_entries_max);
    if (into.entries.empty()) return;
    BARRACUDA_CHECK(Single() || first.batches + 1 < options_.writers);
    ++first.batches;
    first.under_way += into.entries.size();
}

void Lanes::Sleep(MutexLock& lock) {
    std::optional<Clock::time_point> until;
    auto earlier = [&](std::optional<Clock::time_point> at) {
        if (at && (!until || *at < *until)) until = at;
    };
    if (!Single()) {
        earlier(StartOf(internal_));
        earlier(StartOf(routes_));
    }
    if (!later_.empty()) earlier(later_.begin()->first);
    if (until) {
        wake_.wait_until(lock, *until);
    } else {
        wake_.wait(lock);
    }
}

std::optional<Lanes::Taken> Lanes::Take() {
    MutexLock lock(mutex_);
    for (;;) {
        const auto now = Clock::now();
        BringBack(now);
        if (auto lane = Ready(now)) {
            Taken taken;
            Collect(*lane, taken);
            // Whoever watched the clock for the other lane may be this writer.
            if (!internal_.entries.empty() || !routes_.entries.empty() || !later_.empty()) {
                wake_.notify_one();
            }
            if (!taken.entries.empty()) return taken;
            continue;  // all of them wait for their groups
        }
        if (stopping_ && internal_.entries.empty() && routes_.entries.empty()) {
            BARRACUDA_CHECK(later_.empty());  // BringBack took them in
            wake_.notify_all();  // a batch under way brings back what waits aside for it
            return std::nullopt;
        }
        Sleep(lock);
    }
}

// Entries that waited aside come before those that were queued later.
void Lanes::Release(Taken& taken) {
    for (size_t group : taken.groups) {
        auto at = groups_.find(group);
        BARRACUDA_CHECK(at != groups_.end() && at->second.batch == taken.number);
        auto& aside = at->second.aside;
        for (; !aside.empty(); aside.pop_back()) {
            Queue& queue = Of(aside.back().lane);
            if (queue.entries.empty()) queue.since = Clock::now();
            BARRACUDA_CHECK(queue.aside > 0);
            queue.entries.push_front(std::move(aside.back()));
            --queue.aside;
        }
        groups_.erase(at);
    }
}

void Lanes::CountOff(const Entry& entry) {
    auto at = unfinished_.find(entry.epoch);
    BARRACUDA_CHECK(at != unfinished_.end() && at->second > 0);
    if (--at->second == 0) unfinished_.erase(at);
}

std::vector<Entry> Lanes::Finish(Taken& taken, milliseconds pause) {
    std::vector<std::function<void()>> passed;
    std::vector<Entry> left;
    {
        MutexLock lock(mutex_);
        Queue& queue = Of(taken.lane);
        BARRACUDA_CHECK(taken.number > 0);  // taken, and finished once
        BARRACUDA_CHECK(queue.batches > 0 && queue.under_way >= taken.entries.size());
        --queue.batches;
        queue.under_way -= taken.entries.size();
        auto took = Clock::now() - taken.began;
        queue.typical = queue.typical.count() == 0 ? took : (3 * queue.typical + took) / 4;
        Release(taken);
        // Clients that wait for an answer before they send again come back at once: wait for most
        // of them, and they travel together from then on.
        queue.since = Clock::now();
        const size_t about = taken.entries.size() + queue.entries.size() + queue.under_way;
        queue.expected = std::clamp<size_t>(about * 7 / 8, 1, options_.batch_entries_max);
        for (auto& entry : taken.entries) {
            if (!entry.again || stopping_) CountOff(entry);
            if (!entry.again) continue;
            if (stopping_) {
                left.push_back(std::move(entry));
            } else {
                // It keeps its epoch: who waits for it goes on waiting.
                entry.lane = Lane::kInternal;
                later_.emplace(Clock::now() + pause, std::move(entry));
                wake_.notify_one();
            }
        }
        taken.number = 0;
        passed = Passed();
    }
    // Without the lock: they may push, and wait for others who do.
    for (auto& done : passed) done();
    return left;
}

void Lanes::Barrier(std::function<void()> done) {
    BARRACUDA_CHECK(done != nullptr);
    std::vector<std::function<void()>> passed;
    {
        MutexLock lock(mutex_);
        barriers_.push_back({epoch_++, std::move(done)});
        passed = Passed();
    }
    for (auto& one : passed) one();  // without the lock, as in Finish
}

std::vector<std::function<void()>> Lanes::Passed() {
    std::vector<std::function<void()>> passed;
    std::erase_if(barriers_, [&](Waiting& barrier) REQUIRES(mutex_) {
        if (!unfinished_.empty() && unfinished_.begin()->first <= barrier.epoch) return false;
        passed.push_back(std::move(barrier.done));
        return true;
    });
    return passed;
}

void Lanes::Stop() {
    {
        MutexLock lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
}

size_t Lanes::depth() const {
    MutexLock lock(mutex_);
    return routes_.entries.size() + internal_.entries.size() + routes_.aside + internal_.aside +
           later_.size();
}

}  // namespace barracuda::ledger
