// The dispatcher: sends what conversions owe, and hands every outcome to the ledger as a command.
//
// It is a step() over net::Client; a thread only calls it, so tests drive it by hand with a clock
// of their own. Fresh deliveries come from the ledger right after the commit while their network's
// queue has room (destination_queues.h); the rest waits, due, and is found in rounds over the work
// queue (due_finder.h). So a network that is down never delays retries to the others.
//
// Threads: Owe, Drop, FollowRules, Wait, counters() and queues() from any thread; Step from exactly
// one; Start, Attach, StopBeginning and Stop from the app's.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/thread_safety.h"
#include "base/time.h"
#include "delivery/attempt_record.h"
#include "delivery/destination_queues.h"
#include "delivery/due_finder.h"
#include "delivery/senders.h"
#include "domain/conversion.h"
#include "ledger/ledger.h"
#include "net/client.h"
#include "nodes/ownership.h"
#include "store/engine.h"

namespace barracuda::delivery {

struct DispatcherOptions {
    size_t attempts_max = 256;  // at a time, over all queues
    size_t waiters_max = 1024;  // requests that wait for a first outcome
    std::chrono::milliseconds poll{500};
    RetrySchedule schedule{};  // of networks without their own
    BreakerOptions breaker{};
    std::function<Time()> now = Time::Now;
    std::function<Instant()> steady = std::chrono::steady_clock::now;
    std::function<double()> random;               // [0, 1), for the jitter
    OnAttempt on_attempt;                         // may be empty
    const nodes::Ownership* ownership = nullptr;  // none: this process is alone on its store
};

// Over all queues.
struct DispatcherCounters {
    uint64_t attempts = 0, accepted = 0, retried = 0, alarms = 0, dead = 0;
    size_t in_flight = 0;  // queued, under way, or with an outcome that is not recorded yet
    std::optional<Time> oldest_due;
};

class Dispatcher : private DueTaker {
public:
    // All three outlive it.
    Dispatcher(
        store::Engine& engine, net::Client& client, Senders& senders, DispatcherOptions options
    );
    ~Dispatcher() override;

    // The ledger is made after the dispatcher (its hooks call it); Start after both.
    void Start(ledger::Ledger& ledger);
    void Attach(ledger::Ledger& ledger);  // without a thread: who calls Step is the caller's
    // Begins no more attempts; those under way go on, and their outcomes are recorded. Who waits
    // for another one is answered with what is known.
    void StopBeginning();
    void Stop();  // finishes the calls in flight; their outcomes reach the ledger

    // Fresh deliveries. Ids are ignored when no slot is free, and when another node owns the
    // document: they are due, and its owner's poll finds them.
    void Owe(const domain::Conversion& conversion, const std::vector<DeliveryId>& ids);

    // An operator ended it: it is not sent, unless its attempt is under way.
    void Drop(const domain::Delivery& delivery);
    // Reads every network's rules at once, not at the next poll: a stop was asked for.
    void FollowRules();

    // Calls `done` once: with the conversion after the delivery's next recorded outcome, or with
    // nullopt when `wait` is over or there are too many waiters. An outcome just recorded answers
    // at once.
    using WaitDone = std::function<void(std::optional<domain::Conversion>)>;
    void Wait(const DeliveryId& delivery_id, std::chrono::milliseconds wait, WaitDone done);

    // One round of everything that is to be done; waits up to `wait` for something to happen.
    void Step(std::chrono::milliseconds wait);
    DispatcherCounters counters() const;
    std::vector<QueueStats> queues() const;

private:
    struct Waiter {
        std::chrono::steady_clock::time_point until;
        WaitDone done;
    };

    size_t BeginPage(Instant now) override;
    size_t Room(Instant now) override;
    bool Claim(const domain::Conversion& conversion) override;
    bool InHand(const DeliveryId& delivery_id) const override;
    std::optional<Time> TakeMissed(Instant now) override;
    std::optional<Time> MissedProbe(Instant now) const override;
    void NothingToProbe(Instant now) override;
    void Wake() override;

    const nodes::Ownership& ownership() const;
    bool IsOurs(const domain::Conversion& conversion) const;
    bool Queue(const domain::Conversion& conversion, const domain::Delivery& delivery, Instant now)
        REQUIRES(mutex_);
    std::chrono::milliseconds UntilWake();
    void SendQueued();
    std::optional<Job> NextJob();
    void SendAged(std::vector<Job> jobs);
    void Forget(const Job& job) REQUIRES(mutex_);
    void Send(Job job);
    void Withheld(const Job& job);
    void Record(const Job& job, Attempt attempt, Parameters sent, Time began);
    void NoteEnding(const Job& job, const Ending& ending);
    std::optional<Time> RetryAt(
        const QueueKey& queue, std::optional<std::chrono::milliseconds> asked, int attempts_done
    );
    void Recorded(
        const DeliveryId& delivery_id,
        const QueueKey& queue,
        const std::optional<domain::Conversion>& conversion
    );
    void ExpireWaiters();

    store::Engine& engine_;
    net::Client& client_;
    Senders& senders_;
    DispatcherOptions options_;
    ledger::Ledger* ledger_ = nullptr;
    std::unique_ptr<nodes::SoleOwner> alone_;
    DueFinder finder_;

    mutable Mutex mutex_;
    DestinationQueues queues_ GUARDED_BY(mutex_);
    std::set<DeliveryId> active_ GUARDED_BY(mutex_);  // queued, in flight or not recorded yet
    // Recorded since the last page began to be read: what that page says of them may be older.
    std::unordered_set<DeliveryId> recorded_ GUARDED_BY(mutex_);
    std::deque<Job> recent_ GUARDED_BY(mutex_);  // outcomes just recorded
    std::multimap<DeliveryId, Waiter> waiters_ GUARDED_BY(mutex_);
    uint64_t alarms_ GUARDED_BY(mutex_) = 0;
    std::atomic<bool> beginning_ = true, stopping_ = false;
    std::thread thread_;
};

// The parameters of a delivery by the contract's names, read from the document at the first attempt
// and frozen from then on.
Parameters ParametersOf(const domain::Conversion& conversion, const domain::Delivery& delivery);

}  // namespace barracuda::delivery
