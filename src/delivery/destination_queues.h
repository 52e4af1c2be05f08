// DestinationQueues: the deliveries that wait for each network, and which attempt may begin next.
//
// One queue a network and API (queue_key.h), with a limit on attempts at a time, a pace (pace.h)
// and a breaker (breaker.h). Queues that may send take turns, one attempt each, so one that hangs
// or drowns leaves the others as they were:
//
//     if (!queues.TryPush(job, now)) return;         // no room: due in the store, found again
//     while (auto job = queues.Next(now)) Send(*job);
//     queues.Ended(key, ending, now);                // the attempt is over
//     queues.Release(key);                           // and its outcome is recorded
//
// Bounds: a queue holds at most kHeldPerAttempt jobs for each of its attempts at a time, all
// together have at most `attempts_max` under way, and once half of these are taken no queue gets
// more than an equal share. A queue that is stopped, or whose breaker is open, keeps no jobs: a
// copy of a conversion grows stale, and the delivery is due in the store. A job that waited for
// long is read again by whoever sends it.
//
// The clock is handed in. Threads: one at a time, the dispatcher's mutex.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "delivery/breaker.h"
#include "delivery/due_tally.h"
#include "delivery/ending.h"
#include "delivery/job.h"
#include "delivery/network_rules.h"
#include "delivery/pace.h"
#include "delivery/queue_key.h"

namespace barracuda::delivery {

// Attempts by how long they took, in the buckets of the metric (api/metrics.cc adds them up).
struct AttemptTimes {
    // Upper bounds in seconds: an attempt may take 9 s.
    static constexpr std::array<double, 11> kSeconds = {
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
    std::array<uint64_t, kSeconds.size() + 1> counts{};  // each bucket alone; the last: longer
    double seconds_sum = 0;

    void Add(std::chrono::microseconds took);
};

struct QueueStats {
    QueueKey queue;
    uint64_t attempts = 0, accepted = 0, retried = 0, dead = 0, times_opened = 0;
    size_t under_way = 0, waiting = 0;
    Breaker::State breaker = Breaker::State::kClosed;
    double rate = 0;  // a second, as it is now; 0: not bounded
    std::string stopped;
    // Where the breaker is not closed: since when, and when the next probe may go (max: one is
    // under way).
    std::optional<Instant> down_since{}, next_probe{};
    int last_code = 0;         // of the last attempt that failed; 0: no reply came
    std::string last_error{};  // empty: none has failed
    AttemptTimes times;
    DueTally::Due due;  // in the store; the dispatcher knows
};

class DestinationQueues {
public:
    static constexpr size_t kHeldPerAttempt = 4;
    static constexpr std::chrono::minutes kHoldMax{5};  // a longer Retry-After binds its delivery

    struct Options {
        size_t attempts_max = 256;
        BreakerOptions breaker{};
        std::function<NetworkRules(const NetworkName& network)> rules;
    };
    explicit DestinationQueues(Options options) : options_(std::move(options)) {}

    // Appends the job to its queue. False: that is full, stopped, or its breaker is open.
    // TakeMissed remembers the job.
    [[nodiscard]] bool TryPush(Job job, Instant now);
    // The earliest due time of the jobs that queues which are well and have room again refused, or
    // gave back: where to look for them. Asked once, it is forgotten.
    std::optional<Time> TakeMissed(Instant now);
    // The earliest due time of a possible probe of queues whose breaker is open and that hold
    // nothing (an operator cancelled the job it kept, or stopped and resumed its network). It stays
    // remembered until a job is pushed, or NothingToProbe says that there is none.
    std::optional<Time> MissedProbe(Instant now) const;
    void NothingToProbe(Instant now);
    // The next attempt to make, which then counts as under way.
    std::optional<Job> Next(Instant now);
    // Whether a job of this queue could begin now, but for its pace and breaker.
    bool Pending(const QueueKey& key);
    // When Next may give a job by time alone; nullopt: time changes nothing.
    std::optional<Instant> Wake(Instant now);

    // An attempt of Next's is over. Returns jobs the caller must discard: the queue was just
    // stopped, or its breaker opened.
    std::vector<Job> Ended(const QueueKey& key, const Ending& ending, Instant now);
    // The attempt's outcome is recorded: its place is free. True: the queue refused a job for want
    // of room, and half of its room is free again.
    bool Release(const QueueKey& key);
    // A job of Next's was never sent: no attempt, and no verdict on the queue.
    void NotSent(const QueueKey& key);
    // Discards a job that waits; false: it does not wait, its attempt may be under way.
    bool Remove(const QueueKey& key, const DeliveryId& delivery_id);
    // Whether as many answers in a row were 410 as stop the network.
    bool IsGone(const QueueKey& key) const;

    // Somebody waits for an attempt: an open breaker lets one through, at most once a second.
    void TryNow(const QueueKey& key, Instant now);
    // Reads every network's rules again. Returns jobs the caller must discard: their network was
    // stopped.
    std::vector<Job> RefreshRules();

    // Jobs the caller must discard: all that wait.
    std::vector<Job> EmptyAll();

    const RetrySchedule* ScheduleOf(const QueueKey& key);  // null: the default one
    size_t waiting() const { return waiting_; }
    // How many jobs the queues known so far could take now.
    size_t Room(Instant now);
    std::vector<QueueStats> Stats(Instant now) const;

private:
    struct Queue {
        NetworkRules rules;
        Pace pace;
        Breaker breaker;
        std::deque<Job> waiting;
        size_t attempts = 0;   // under way
        size_t held = 0;       // waiting, under way, or with an outcome that is not recorded yet
        bool wanting = false;  // an offer found no room
        std::optional<Time> missed;
        int gone_in_row = 0;
        Instant tried_at{};
        QueueStats stats;
    };

    Queue& Get(const QueueKey& key);
    bool IsOpen(const Queue& queue, Instant now) const;
    static bool LacksProbe(const Queue& queue, Instant now);
    size_t Capacity(Queue& queue) const;
    bool HasSlot(const Queue& queue) const;
    bool MaySend(Queue& queue, Instant now);
    std::vector<Job> Empty(Queue& queue, size_t keep = 0);
    static void Miss(Queue& queue, const Job& job);

    const Options options_;
    std::map<QueueKey, std::unique_ptr<Queue>> queues_;
    std::vector<Queue*> turns_;
    size_t turn_ = 0;
    size_t attempts_ = 0, waiting_ = 0;
};

}  // namespace barracuda::delivery
