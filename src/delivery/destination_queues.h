// DestinationQueues: what waits for each network, and which attempt may begin next.
//
// One queue a destination, with a limit on attempts at a time, a pace (pace.h) and a breaker
// (breaker.h). Those that may send take turns, one attempt each, so one that hangs or drowns leaves
// the others as they were:
//
//     if (!queues.Offer(job, now)) …            no room: the work index keeps it, a poll brings it
//     while (auto job = queues.Next(now)) …     send it
//     queues.Ended(destination, ending, now)    the attempt is over
//     queues.Settled(destination)               … and its outcome is recorded
//
// Bounds: a destination holds at most kHeldPerAttempt jobs for each of its attempts at a time, all
// together have at most `attempts_max` under way, and once half of these are taken nobody gets more
// than an equal share. What a destination cannot be sent for long (it is stopped, its breaker is
// open) is not kept here: a copy of a conversion grows stale. Nothing is lost by that, it is due.
// What has waited for its turn for long is read again by whoever sends it.
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
#include "delivery/pace.h"
#include "delivery/retry.h"
#include "domain/conversion.h"

namespace barracuda::delivery {

// Where a delivery waits. The private API of a network is a service of its own, mostly of another
// host: a hanging one must not hold up the other.
std::string QueueOf(const domain::Delivery& delivery);
std::string_view NetworkOfQueue(std::string_view queue);

// One delivery to be attempted: the document as read, and which of its deliveries.
struct Job {
    domain::Conversion conversion;
    std::string delivery_id;
    std::string destination;  // QueueOf
    Instant since{};          // when it began to wait; Offer says so

    const domain::Delivery* delivery() const;  // null: the document has none of this id
    // Takes the document as it is now. False: it does not owe the delivery any more.
    bool Renew(const std::optional<std::string>& document, Time now);
};

// How a destination is treated; from its network entity (domain/network.h).
struct DestinationRules {
    size_t concurrency = 64;     // attempts at a time
    double rate_per_second = 0;  // attempts begun a second; 0: as many as it takes
    std::string stopped{};       // why nothing is sent until an operator resumes it; empty: it is
    std::shared_ptr<const RetrySchedule> schedule{};  // null: the dispatcher's
    int gone_in_row_max = 1;                          // answers 410 in a row that stop it
};

// What the end of an attempt tells about the destination.
struct Ending {
    enum class Health {
        kAlive,   // it answered
        kOutage,  // no answer, or a 5xx
        kSilent,  // nothing was learnt: it asked to slow down, or was never called
    };
    Health health = Health::kSilent;
    bool slow_down = false;
    bool gone = false;
    // A 429's Retry-After: holds all of a destination that is slowed down by such answers.
    std::optional<std::chrono::milliseconds> hold{};
    std::chrono::microseconds took{0};
    bool accepted = false, retried = false;  // neither: dead
};

// Attempts by how long they took: cumulative counts as Prometheus wants them.
struct AttemptTimes {
    static constexpr std::array<double, 10> kSeconds = {
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5};
    std::array<uint64_t, kSeconds.size() + 1> counts{};  // each bucket alone; the last: longer
    double seconds_sum = 0;

    void Add(std::chrono::microseconds took);
};

struct DestinationStats {
    std::string name;
    uint64_t attempts = 0, accepted = 0, retried = 0, dead = 0, times_opened = 0;
    size_t under_way = 0, waiting = 0;
    Breaker::State breaker = Breaker::State::kClosed;
    double rate = 0;  // a second, as it is now; 0: not bounded
    std::string stopped;
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
        std::function<DestinationRules(const std::string& destination)> rules;
    };
    explicit DestinationQueues(Options options) : options_(std::move(options)) {}

    // False: not now, it has as much as it may hold, or is not sent for. TakeMissed remembers it.
    [[nodiscard]] bool Offer(Job job, Instant now);
    // Since when is due what the destinations that are well and have room again could not take, or
    // had to give back: where to look for it. Asked once, it is forgotten.
    std::optional<Time> TakeMissed(Instant now);
    // The next attempt to make, which then counts as under way.
    std::optional<Job> Next(Instant now);
    // Whether one waits for this destination, and not for another attempt to end.
    bool Pending(const std::string& destination);
    // When Next may say yes again by time alone; nullopt: time changes nothing.
    std::optional<Instant> Wake(Instant now);

    // Returns the jobs of this destination that wait in vain, to be forgotten: it was just stopped,
    // or its breaker opened.
    std::vector<Job> Ended(const std::string& destination, const Ending& ending, Instant now);
    // True: it refused for want of room, and half of its room is free again.
    bool Settled(const std::string& destination);
    // Taken by Next and never sent: neither an attempt nor a verdict.
    void NotSent(const std::string& destination);
    // Forgets one that waits; false: it does not, its attempt may be under way.
    bool Remove(const std::string& destination, const std::string& delivery_id);
    // Whether the answers 410 in a row are as many as stop it.
    bool IsGone(const std::string& destination) const;

    // Somebody waits for an attempt: an open breaker lets one through, at most once a second.
    void TryNow(const std::string& destination, Instant now);
    // Reads every destination's rules again. Returns the jobs that wait in vain, to be forgotten:
    // their destination was stopped.
    std::vector<Job> RefreshRules();

    // Everything that waits, to be forgotten.
    std::vector<Job> EmptyAll();

    const RetrySchedule* ScheduleOf(const std::string& destination);  // null: the default one
    size_t waiting() const { return waiting_; }
    // How many jobs could be taken now, by the destinations known so far.
    size_t Room(Instant now);
    std::vector<DestinationStats> Stats(Instant now) const;

private:
    struct Queue {
        DestinationRules rules;
        Pace pace;
        Breaker breaker;
        std::deque<Job> waiting;
        size_t attempts = 0;   // under way
        size_t held = 0;       // waiting, under way, or with an outcome that is not recorded yet
        bool wanting = false;  // an offer found no room
        std::optional<Time> missed;
        int gone_in_row = 0;
        Instant tried_at{};
        DestinationStats stats;
    };

    Queue& Get(const std::string& destination);
    bool IsOpen(const Queue& queue, Instant now) const;
    size_t Capacity(Queue& queue) const;
    bool HasSlot(const Queue& queue) const;
    bool MaySend(Queue& queue, Instant now);
    std::vector<Job> Empty(Queue& queue, size_t keep = 0);
    static void Miss(Queue& queue, const Job& job);

    const Options options_;
    std::map<std::string, std::unique_ptr<Queue>> queues_;
    std::vector<Queue*> turns_;
    size_t turn_ = 0;
    size_t attempts_ = 0, waiting_ = 0;
};

}  // namespace barracuda::delivery
