#include "delivery/destination_queues.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace barracuda::delivery {

namespace {

// At a bounded rate only what goes out within this time is held: copies grow stale.
constexpr double kHeldSeconds = 2;
constexpr std::chrono::seconds kTryNowEvery{1};

}  // namespace

std::string QueueOf(const domain::Delivery& delivery) {
    if (delivery.kind != domain::kPrivateApi) return delivery.destination;
    return delivery.destination + ":" + delivery.kind;  // no network's name has a colon
}

std::string_view NetworkOfQueue(std::string_view queue) { return queue.substr(0, queue.find(':')); }

const domain::Delivery* Job::delivery() const {
    for (const auto& one : conversion.deliveries) {
        if (one.id == delivery_id) return &one;
    }
    return nullptr;
}

bool Job::Renew(const std::optional<std::string>& document, Time now) {
    if (!document) return false;
    auto read = domain::DecodeConversion(*document);
    if (!read) return false;
    conversion = std::move(*read);
    const domain::Delivery* one = delivery();
    return one && one->state == domain::DeliveryState::kWaiting && one->next_at <= now;
}

void AttemptTimes::Add(std::chrono::microseconds took) {
    const double seconds = std::chrono::duration<double>(took).count();
    size_t bucket = 0;
    while (bucket < kSeconds.size() && seconds > kSeconds[bucket]) ++bucket;
    ++counts[bucket];
    seconds_sum += seconds;
}

DestinationQueues::Queue& DestinationQueues::Get(const std::string& destination) {
    auto& queue = queues_[destination];
    if (!queue) {
        queue = std::make_unique<Queue>();
        if (options_.rules) queue->rules = options_.rules(destination);
        queue->pace = Pace(queue->rules.rate_per_second);
        queue->breaker = Breaker(options_.breaker);
        queue->stats.name = destination;
        turns_.push_back(queue.get());
    }
    return *queue;
}

std::vector<Job> DestinationQueues::RefreshRules() {
    std::vector<Job> in_vain;
    if (!options_.rules) return in_vain;
    for (auto& [name, queue] : queues_) {
        auto rules = options_.rules(name);
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

// What waits but for the first `keep`, which then waits no more.
std::vector<Job> DestinationQueues::Empty(Queue& queue, size_t keep) {
    std::vector<Job> jobs;
    while (queue.waiting.size() > keep) {
        Miss(queue, queue.waiting.back());
        jobs.push_back(std::move(queue.waiting.back()));
        queue.waiting.pop_back();
    }
    queue.held -= jobs.size();
    waiting_ -= jobs.size();
    return jobs;
}

std::vector<Job> DestinationQueues::EmptyAll() {
    std::vector<Job> jobs;
    for (auto& [name, queue] : queues_) {
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

// Not of one that is only probed, nor of one that has no room yet (it hangs): all that is owed to
// it would be looked at again and again.
std::optional<Time> DestinationQueues::TakeMissed(Instant now) {
    std::optional<Time> since;
    for (auto& [name, queue] : queues_) {
        const bool well = queue->breaker.state(now) == Breaker::State::kClosed;
        const bool room = queue->held * 2 <= Capacity(*queue);
        if (!queue->missed || !well || !room || !queue->rules.stopped.empty()) continue;
        since = std::min(since.value_or(*queue->missed), *queue->missed);
        queue->missed.reset();
    }
    return since;
}

bool DestinationQueues::Offer(Job job, Instant now) {
    Queue& queue = Get(job.destination);
    const bool open = IsOpen(queue, now);
    // One waits for the next probe: nobody else may come by when its time has come.
    const bool probe = queue.held == 0 && queue.rules.stopped.empty();
    if (!(open || probe) || queue.held >= Capacity(queue)) {
        queue.wanting |= open;
        Miss(queue, job);
        return false;
    }
    job.since = now;
    queue.waiting.push_back(std::move(job));
    ++queue.held;
    ++waiting_;
    return true;
}

size_t DestinationQueues::Room(Instant now) {
    if (queues_.empty()) return options_.attempts_max;
    size_t room = 0;
    for (const auto& [name, queue] : queues_) {
        const size_t capacity = Capacity(*queue);
        if (IsOpen(*queue, now) && queue->held < capacity) room += capacity - queue->held;
    }
    return room;
}

bool DestinationQueues::HasSlot(const Queue& queue) const {
    return queue.attempts < queue.rules.concurrency && attempts_ < options_.attempts_max;
}

bool DestinationQueues::Pending(const std::string& destination) {
    const Queue& queue = Get(destination);
    return !queue.waiting.empty() && HasSlot(queue);
}

bool DestinationQueues::MaySend(Queue& queue, Instant now) {
    if (queue.waiting.empty() || !HasSlot(queue)) return false;
    if (attempts_ * 2 >= options_.attempts_max) {
        const auto busy = [](const Queue* one) {
            return one->attempts > 0 || !one->waiting.empty();
        };
        const auto sharers = std::count_if(turns_.begin(), turns_.end(), busy);
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

std::vector<Job> DestinationQueues::Ended(
    const std::string& destination, const Ending& ending, Instant now
) {
    Queue& queue = Get(destination);
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
    // One such answer among others is that delivery's matter.
    if (ending.hold && queue.pace.slowed()) {
        const std::chrono::milliseconds longest = kHoldMax;
        queue.pace.HoldUntil(now + std::min(*ending.hold, longest));
    }
    queue.gone_in_row = ending.gone ? queue.gone_in_row + 1 : 0;
    queue.stats.accepted += ending.accepted;
    queue.stats.retried += ending.retried;
    queue.stats.dead += !ending.accepted && !ending.retried;
    queue.stats.times.Add(ending.took);
    if (IsGone(destination) && queue.rules.stopped.empty()) queue.rules.stopped = "answered 410";
    if (!queue.rules.stopped.empty()) return Empty(queue);
    if (queue.breaker.state(now) != Breaker::State::kOpen) return {};
    return Empty(queue, 1);  // the next probe
}

bool DestinationQueues::Settled(const std::string& destination) {
    Queue& queue = Get(destination);
    BARRACUDA_CHECK(queue.held > 0);
    --queue.held;
    if (!queue.wanting || queue.held * 2 > Capacity(queue)) return false;
    queue.wanting = false;
    return true;
}

void DestinationQueues::NotSent(const std::string& destination) {
    Queue& queue = Get(destination);
    BARRACUDA_CHECK(queue.attempts > 0 && attempts_ > 0 && queue.held > 0);
    --queue.attempts;
    --attempts_;
    --queue.held;
    --queue.stats.attempts;
    queue.breaker.Neutral();
}

bool DestinationQueues::Remove(const std::string& destination, const std::string& delivery_id) {
    Queue& queue = Get(destination);
    const auto at = std::find_if(queue.waiting.begin(), queue.waiting.end(), [&](const Job& job) {
        return job.delivery_id == delivery_id;
    });
    if (at == queue.waiting.end()) return false;
    queue.waiting.erase(at);
    --queue.held;
    --waiting_;
    return true;
}

bool DestinationQueues::IsGone(const std::string& destination) const {
    const auto at = queues_.find(destination);
    return at != queues_.end() && at->second->gone_in_row >= at->second->rules.gone_in_row_max;
}

void DestinationQueues::TryNow(const std::string& destination, Instant now) {
    Queue& queue = Get(destination);
    if (queue.breaker.Allows(now) || now - queue.tried_at < kTryNowEvery) return;
    queue.tried_at = now;
    queue.breaker.TryAt(now);
}

const RetrySchedule* DestinationQueues::ScheduleOf(const std::string& destination) {
    return Get(destination).rules.schedule.get();
}

std::vector<DestinationStats> DestinationQueues::Stats(Instant now) const {
    std::vector<DestinationStats> all;
    for (const auto& [name, queue] : queues_) {
        auto& stats = all.emplace_back(queue->stats);
        stats.under_way = queue->attempts;
        stats.waiting = queue->waiting.size();
        stats.breaker = queue->breaker.state(now);
        stats.times_opened = static_cast<uint64_t>(queue->breaker.times_opened());
        stats.rate = queue->pace.rate();
        stats.stopped = queue->rules.stopped;
    }
    return all;
}

}  // namespace barracuda::delivery
