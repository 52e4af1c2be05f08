#include "delivery/destination_queues.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace barracuda::delivery {

namespace {

// At a bounded rate only what goes out within this time is held: copies grow stale.
constexpr double kHeldSeconds = 2;
constexpr std::chrono::seconds kTryNowEvery{1};

static_assert(DestinationQueues::kHeldPerAttempt > 1);  // one waits while another is under way
static_assert(std::is_sorted(AttemptTimes::kSeconds.begin(), AttemptTimes::kSeconds.end()));

}  // namespace

void AttemptTimes::Add(std::chrono::microseconds took) {
    const double seconds = std::chrono::duration<double>(took).count();
    size_t bucket = 0;
    while (bucket < kSeconds.size() && seconds > kSeconds[bucket]) ++bucket;
    ++counts[bucket];
    seconds_sum += seconds;
}

DestinationQueues::Queue& DestinationQueues::Get(const QueueKey& key) {
    auto& queue = queues_[key];
    if (!queue) {
        queue = std::make_unique<Queue>();
        if (options_.rules) queue->rules = options_.rules(key.network);
        queue->pace = Pace(queue->rules.rate_per_second);
        queue->breaker = Breaker(options_.breaker);
        queue->stats.queue = key;
        turns_.push_back(queue.get());
    }
    return *queue;
}

std::vector<Job> DestinationQueues::RefreshRules() {
    std::vector<Job> in_vain;
    if (!options_.rules) return in_vain;
    for (auto& [key, queue] : queues_) {
        auto rules = options_.rules(key.network);
        if (rules.rate_per_second != queue->rules.rate_per_second) {
            queue->pace = Pace(rules.rate_per_second);
        }
        if (rules.stopped.empty() && !queue->rules.stopped.empty()) queue->gone_in_row = 0;
        queue->rules = std::move(rules);
        if (queue->rules.stopped.empty()) continue;
        for (auto& job : Empty(*queue)) in_vain.push_back(std::move(job));
    }
    return in_vain;
}

// Takes out all jobs that wait but the first `keep`.
std::vector<Job> DestinationQueues::Empty(Queue& queue, size_t keep) {
    std::vector<Job> jobs;
    while (queue.waiting.size() > keep) {
        Miss(queue, queue.waiting.back());
        jobs.push_back(std::move(queue.waiting.back()));
        queue.waiting.pop_back();
    }
    BARRACUDA_CHECK(queue.held >= jobs.size() && waiting_ >= jobs.size());
    queue.held -= jobs.size();
    waiting_ -= jobs.size();
    return jobs;
}

std::vector<Job> DestinationQueues::EmptyAll() {
    std::vector<Job> jobs;
    for (auto& [key, queue] : queues_) {
        for (auto& job : Empty(*queue)) jobs.push_back(std::move(job));
    }
    return jobs;
}

bool DestinationQueues::IsOpen(const Queue& queue, Instant now) const {
    return queue.rules.stopped.empty() && queue.breaker.Allows(now);
}

size_t DestinationQueues::Capacity(Queue& queue) const {
    const size_t most = std::max<size_t>(1, queue.rules.concurrency) * kHeldPerAttempt;
    const double rate = queue.pace.rate();
    if (rate <= 0) return most;
    return std::clamp<size_t>(static_cast<size_t>(rate * kHeldSeconds), 1, most);
}

void DestinationQueues::Miss(Queue& queue, const Job& job) {
    const auto* delivery = job.delivery();
    if (!delivery) return;
    queue.missed = std::min(queue.missed.value_or(delivery->next_at), delivery->next_at);
}

// Not of a queue that is only probed, nor of one without room yet (its network hangs): all that it
// is owed would be looked at again and again.
std::optional<Time> DestinationQueues::TakeMissed(Instant now) {
    std::optional<Time> since;
    for (auto& [key, queue] : queues_) {
        const bool well = queue->breaker.state(now) == Breaker::State::kClosed;
        const bool room = queue->held * 2 <= Capacity(*queue);
        if (!queue->missed || !well || !room || !queue->rules.stopped.empty()) continue;
        since = std::min(since.value_or(*queue->missed), *queue->missed);
        queue->missed.reset();
    }
    return since;
}

bool DestinationQueues::LacksProbe(const Queue& queue, Instant now) {
    const bool open = queue.breaker.state(now) != Breaker::State::kClosed;
    return open && queue.held == 0 && queue.missed && queue.rules.stopped.empty();
}

std::optional<Time> DestinationQueues::MissedProbe(Instant now) const {
    std::optional<Time> since;
    for (const auto& [key, queue] : queues_) {
        if (!LacksProbe(*queue, now)) continue;
        since = std::min(since.value_or(*queue->missed), *queue->missed);
    }
    return since;
}

void DestinationQueues::NothingToProbe(Instant now) {
    for (auto& [key, queue] : queues_) {
        if (LacksProbe(*queue, now)) queue->missed.reset();
    }
}

bool DestinationQueues::TryPush(Job job, Instant now) {
    Queue& queue = Get(job.queue);
    const bool open = IsOpen(queue, now);
    // One job waits as the next probe: no other may come by when its time has come.
    const bool probe = queue.held == 0 && queue.rules.stopped.empty();
    if (!(open || probe) || queue.held >= Capacity(queue)) {
        queue.wanting |= open;
        Miss(queue, job);
        return false;
    }
    BARRACUDA_CHECK(!job.delivery_id.empty());
    job.since = now;
    queue.waiting.push_back(std::move(job));
    ++queue.held;
    ++waiting_;
    return true;
}

size_t DestinationQueues::Room(Instant now) {
    if (queues_.empty()) return options_.attempts_max;
    size_t room = 0;
    for (const auto& [key, queue] : queues_) {
        const size_t capacity = Capacity(*queue);
        if (IsOpen(*queue, now) && queue->held < capacity) room += capacity - queue->held;
    }
    return room;
}

bool DestinationQueues::HasSlot(const Queue& queue) const {
    return queue.attempts < queue.rules.concurrency && attempts_ < options_.attempts_max;
}

bool DestinationQueues::Pending(const QueueKey& key) {
    const Queue& queue = Get(key);
    return !queue.waiting.empty() && HasSlot(queue);
}

bool DestinationQueues::MaySend(Queue& queue, Instant now) {
    if (queue.waiting.empty() || !HasSlot(queue)) return false;
    if (attempts_ * 2 >= options_.attempts_max) {
        const auto busy = [](const Queue* one) {
            return one->attempts > 0 || !one->waiting.empty();
        };
        const auto sharers = std::count_if(turns_.begin(), turns_.end(), busy);
        BARRACUDA_CHECK(sharers > 0);  // this queue waits
        const size_t share = options_.attempts_max / static_cast<size_t>(sharers);
        if (queue.attempts >= std::max<size_t>(1, share)) return false;
    }
    return IsOpen(queue, now) && queue.pace.Allows(now);
}

std::optional<Job> DestinationQueues::Next(Instant now) {
    for (size_t i = 0; i < turns_.size(); ++i) {
        const size_t at = (turn_ + i) % turns_.size();
        Queue& queue = *turns_[at];
        if (!MaySend(queue, now)) continue;
        turn_ = at + 1;
        BARRACUDA_CHECK(waiting_ > 0 && queue.held > queue.attempts);
        Job job = std::move(queue.waiting.front());
        queue.waiting.pop_front();
        queue.breaker.Began(now);
        queue.pace.Take(now);
        ++queue.attempts;
        ++queue.stats.attempts;
        ++attempts_;
        --waiting_;
        return job;
    }
    return std::nullopt;
}

std::optional<Instant> DestinationQueues::Wake(Instant now) {
    std::optional<Instant> first;
    for (Queue* queue : turns_) {
        if (queue->waiting.empty() || !HasSlot(*queue)) continue;
        if (!queue->rules.stopped.empty()) continue;
        Instant at = queue->breaker.Allows(now) ? queue->pace.next(now) : queue->breaker.next();
        if (at <= now || at == Instant::max()) continue;  // it waits for an attempt to end
        if (!first || at < *first) first = at;
    }
    return first;
}

std::vector<Job> DestinationQueues::Ended(const QueueKey& key, const Ending& ending, Instant now) {
    Queue& queue = Get(key);
    BARRACUDA_CHECK(queue.attempts > 0 && attempts_ > 0);
    --queue.attempts;
    --attempts_;
    switch (ending.health) {
        case Ending::Health::kAlive:
            queue.breaker.Succeeded(now);
            break;
        case Ending::Health::kOutage:
            queue.breaker.Failed(now);
            break;
        case Ending::Health::kSilent:
            queue.breaker.Neutral();
            break;
    }
    queue.pace.Answered(now, ending.slow_down);
    // One 429 among other answers holds its own delivery only.
    if (ending.hold && queue.pace.slowed()) {
        const std::chrono::milliseconds longest = kHoldMax;
        queue.pace.HoldUntil(now + std::min(*ending.hold, longest));
    }
    queue.gone_in_row = ending.gone ? queue.gone_in_row + 1 : 0;
    queue.stats.accepted += ending.accepted;
    queue.stats.retried += ending.retried;
    queue.stats.dead += !ending.accepted && !ending.retried;
    if (!ending.accepted) {
        queue.stats.last_code = ending.code;
        queue.stats.last_error = ending.error;
    }
    queue.stats.times.Add(ending.took);
    if (IsGone(key) && queue.rules.stopped.empty()) queue.rules.stopped = "answered 410";
    if (!queue.rules.stopped.empty()) return Empty(queue);
    if (queue.breaker.state(now) != Breaker::State::kOpen) return {};
    return Empty(queue, 1);  // the next probe
}

bool DestinationQueues::Release(const QueueKey& key) {
    Queue& queue = Get(key);
    BARRACUDA_CHECK(queue.held > 0);
    --queue.held;
    BARRACUDA_CHECK(queue.held >= queue.attempts + queue.waiting.size());
    if (!queue.wanting || queue.held * 2 > Capacity(queue)) return false;
    queue.wanting = false;
    return true;
}

void DestinationQueues::NotSent(const QueueKey& key) {
    Queue& queue = Get(key);
    BARRACUDA_CHECK(queue.attempts > 0 && attempts_ > 0 && queue.held > 0);
    --queue.attempts;
    --attempts_;
    --queue.held;
    --queue.stats.attempts;
    queue.breaker.Neutral();
}

bool DestinationQueues::Remove(const QueueKey& key, const DeliveryId& delivery_id) {
    Queue& queue = Get(key);
    const auto at = std::find_if(queue.waiting.begin(), queue.waiting.end(), [&](const Job& job) {
        return job.delivery_id == delivery_id;
    });
    if (at == queue.waiting.end()) return false;
    BARRACUDA_CHECK(queue.held > 0 && waiting_ > 0);
    queue.waiting.erase(at);
    --queue.held;
    --waiting_;
    return true;
}

bool DestinationQueues::IsGone(const QueueKey& key) const {
    const auto at = queues_.find(key);
    return at != queues_.end() && at->second->gone_in_row >= at->second->rules.gone_in_row_max;
}

void DestinationQueues::TryNow(const QueueKey& key, Instant now) {
    Queue& queue = Get(key);
    if (queue.breaker.Allows(now) || now - queue.tried_at < kTryNowEvery) return;
    queue.tried_at = now;
    queue.breaker.TryAt(now);
}

const RetrySchedule* DestinationQueues::ScheduleOf(const QueueKey& key) {
    return Get(key).rules.schedule.get();
}

std::vector<QueueStats> DestinationQueues::Stats(Instant now) const {
    std::vector<QueueStats> all;
    for (const auto& [key, queue] : queues_) {
        auto& stats = all.emplace_back(queue->stats);
        stats.under_way = queue->attempts;
        stats.waiting = queue->waiting.size();
        stats.breaker = queue->breaker.state(now);
        if (stats.breaker != Breaker::State::kClosed) {
            stats.down_since = queue->breaker.opened();
            stats.next_probe = queue->breaker.next();
        }
        stats.times_opened = static_cast<uint64_t>(queue->breaker.times_opened());
        stats.rate = queue->pace.rate();
        stats.stopped = queue->rules.stopped;
    }
    return all;
}

}  // namespace barracuda::delivery
