// The dispatcher: sends what conversions owe, and hands every outcome to the ledger as a command.
//
// It is a step() over net::Client; a thread only calls it, so tests drive it by hand with a clock
// of their own. Fresh deliveries come from the ledger right after the commit while their network's
// queue has room (destination_queues.h); the rest waits, due, and is found in rounds over the work
// queue (work_sweep.h): what became due since the last look, at most a second later; what a network
// could not take, once it is well and has room; and, slowly, everything. So what is owed to a
// network that is down holds up nobody's retries.
//
// Threads: Owe, Wait and counters() from any thread; Step from exactly one.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/time.h"
#include "delivery/destination_queues.h"
#include "delivery/due_tally.h"
#include "delivery/network.h"
#include "delivery/ownership.h"
#include "delivery/work_sweep.h"
#include "domain/conversion.h"
#include "domain/network.h"
#include "ledger/ledger.h"
#include "store/engine.h"

namespace barracuda::delivery {

struct DispatcherOptions {
    size_t attempts_max = 256;  // over all of them
    size_t waiters_max = 1024;  // requests that wait for a first outcome
    std::chrono::milliseconds poll{500};
    RetrySchedule schedule{};
    BreakerOptions breaker{};
    std::function<Time()> now = Time::Now;
    std::function<Instant()> steady = std::chrono::steady_clock::now;
    std::function<double()> random;        // [0, 1), for the jitter
    OnAttempt on_attempt;                  // may be empty
    const Ownership* ownership = nullptr;  // none: this process is alone on its store
    // One attempt at the network that the delivery names; empty: all go to the one given.
    std::function<void(const domain::Delivery&, const Parameters&, Network::Done, Network::MaySend)>
        send{};
    // Adds to an outcome what the catalog knows, before it is submitted. May be empty.
    std::function<void(domain::Outcome&, const std::string& destination)> complete{};
    // How a destination is treated; empty: as DestinationRules says. Asked again at every poll.
    std::function<DestinationRules(const std::string& destination)> rules{};
    // The destination answers that nothing will ever be taken there again: it is stopped here, and
    // the stop is to be kept until an operator resumes it. Must be short.
    std::function<void(ledger::Ledger&, const std::string& destination)> stop{};
};

// Over all destinations.
struct DispatcherCounters {
    uint64_t attempts = 0, accepted = 0, retried = 0, alarms = 0, dead = 0;
    size_t in_flight = 0;
    std::optional<Time> oldest_due;
};

class Dispatcher {
public:
    Dispatcher(
        store::Engine& engine, net::Client& client, Network& network, DispatcherOptions options
    );
    ~Dispatcher();

    // The ledger is made after the dispatcher (its hooks call it); Start after both.
    void Start(ledger::Ledger& ledger);
    void Attach(ledger::Ledger& ledger);  // without a thread: who calls Step is the caller's
    // Begins no more attempts; those under way go on, and their outcomes are recorded. Who waits
    // for another one is answered with what is known.
    void StopBeginning();
    void Stop();  // finishes the calls in flight; their outcomes reach the ledger

    // Fresh deliveries. Ids are ignored when no slot is free, and when another node owns the
    // document: they are due, and its owner's poll finds them.
    void Owe(const domain::Conversion& conversion, const std::vector<std::string>& ids);

    // An operator ended it: it is not sent, unless its attempt is under way.
    void Drop(const domain::Delivery& delivery);
    // Reads how each destination is treated at once, not at the next poll: a stop was asked for.
    void FollowRules();

    // Calls `done` once: with the delivery after its next recorded outcome, or with nullopt when
    // `wait` is over or there are too many waiters. An outcome just recorded answers at once.
    using WaitDone = std::function<void(std::optional<domain::Conversion>)>;
    void Wait(const std::string& delivery_id, std::chrono::milliseconds wait, WaitDone done);

    // The network's own list (route 1's GET); `done` on the dispatcher's thread.
    void ListPrivate(const Parameters& query, Network::ListDone done);

    void Step(std::chrono::milliseconds wait);
    DispatcherCounters counters() const;
    std::vector<DestinationStats> destinations() const;

private:
    struct Waiter {
        std::chrono::steady_clock::time_point until;
        WaitDone done;
    };

    const Ownership& ownership() const;
    bool IsOurs(const domain::Conversion& conversion) const;
    bool Queue(const domain::Conversion& conversion, const domain::Delivery& delivery, Instant now);
    std::chrono::milliseconds UntilWake();
    struct Round;
    void Poll();
    void PollNear();
    void PollMissed();
    void PollFar();
    std::optional<WorkSweep::Page> ReadPage(
        Round& round, Time until, std::optional<Time> start, DueTally* tally = nullptr
    );
    bool ClaimAll(const std::vector<store::WorkItem>& items, bool& fruitful, DueTally* tally);
    void TakeOver();
    void Take(const store::WorkItem& item);
    bool Claim(const domain::Conversion& conversion);
    void SendQueued();
    std::optional<Job> NextJob();
    void SendAged(std::vector<Job> jobs);
    void Forget(const Job& job);
    void Miss(Time due) { missed_ = std::min(missed_.value_or(due), due); }  // under mutex_
    void Send(Job job);
    void Withheld(const Job& job);
    void Record(const Job& job, const Attempt& attempt, Parameters sent, Time began);
    void Tell(const Job& job, const Attempt& attempt, int number, bool retried, Time began);
    // `asked`: what the answer's Retry-After says.
    Ending EndingOf(
        const Attempt& attempt, std::optional<std::chrono::milliseconds> asked, bool retried
    ) const;
    std::optional<Time> RetryAt(
        const std::string& destination,
        std::optional<std::chrono::milliseconds> asked,
        int attempts_done
    );
    void Settled(
        const std::string& delivery_id,
        const std::string& destination,
        const std::optional<domain::Conversion>& conversion
    );
    void ExpireWaiters();

    store::Engine& engine_;
    net::Client& client_;
    Network& network_;
    DispatcherOptions options_;
    ledger::Ledger* ledger_ = nullptr;
    std::unique_ptr<SoleOwner> alone_;
    std::atomic<bool> poll_now_ = false;
    // Step's thread only.
    static constexpr size_t kRoomToGoOn = 64;  // for another page
    static constexpr int kPassingOverNew = 10, kPassingOverOld = 100;
    struct Round {
        WorkSweep sweep;
        const int passing_over;  // one part in so many of the time, where nothing is queued
        Instant next{};          // when its next page is to be read
        bool fruitful = false;   // something of its last page was queued
        std::optional<Time> from{}, until{};  // of the round under way
    };
    Round near_, missed_round_, far_;
    DueTally due_;         // of the far rounds; read by any
    Time looked_until_{};  // what was due by then has been looked at
    Instant next_take_over_{};

    mutable std::mutex mutex_;
    DestinationQueues queues_;
    std::set<std::string> active_;  // delivery ids queued, in flight or not recorded yet
    // Recorded since the last page began to be read: what that page says of them may be older.
    std::unordered_set<std::string> settled_;
    size_t taking_ = 0;       // take-overs that the ledger has not answered
    std::deque<Job> recent_;  // outcomes just recorded
    std::multimap<std::string, Waiter> waiters_;
    bool hungry_ = false;         // the last page was queued, and more is due
    std::optional<Time> missed_;  // since when is due what has to be looked at again
    uint64_t alarms_ = 0;
    std::atomic<bool> beginning_ = true, stopping_ = false;
    std::thread thread_;
};

// What a delivery sends, by contract.md's names, read from the document at the first attempt.
Parameters ParametersOf(const domain::Conversion& conversion, const domain::Delivery& delivery);

}  // namespace barracuda::delivery
