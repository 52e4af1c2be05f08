// The dispatcher: sends what conversions owe, and hands every outcome to the ledger as a command.
//
// It is a step(now) over net::Client; a thread only calls it, so tests drive it by hand with a
// clock of their own. Fresh deliveries come from the ledger right after the commit while there is a
// free slot; the rest waits, due, and a poll of the work queue (at most a second apart) finds it.
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
#include <unordered_map>

#include "base/time.h"
#include "delivery/network.h"
#include "delivery/ownership.h"
#include "domain/conversion.h"
#include "ledger/ledger.h"
#include "store/engine.h"

namespace barracuda::delivery {

inline constexpr const char* kDefaultDestination = "default";
inline constexpr const char* kGoalPostback = "goal_postback";
inline constexpr const char* kPrivateApi = "private_api";

struct DispatcherOptions {
    size_t concurrency = 64;    // calls at a time
    size_t waiters_max = 1024;  // requests that wait for a first outcome
    std::chrono::milliseconds poll{500};
    RetrySchedule schedule{};
    std::function<Time()> now = Time::Now;
    std::function<double()> random;        // [0, 1), for the jitter
    OnAttempt on_attempt;                  // may be empty
    const Ownership* ownership = nullptr;  // none: this process is alone on its store
    // One attempt at the network that the delivery names; empty: all go to the one given.
    std::function<void(const domain::Delivery&, const Parameters&, Network::Done, Network::MaySend)>
        send{};
    // Adds to an outcome what the catalog knows, before it is submitted. May be empty.
    std::function<void(domain::Outcome&, const std::string& destination)> complete{};
};

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
    void Stop();  // finishes the calls in flight; their outcomes reach the ledger

    // Fresh deliveries. Ids are ignored when no slot is free, and when another node owns the
    // document: they are due, and its owner's poll finds them.
    void Owe(const domain::Conversion& conversion, const std::vector<std::string>& ids);

    // Calls `done` once: with the delivery after its next recorded outcome, or with nullopt when
    // `wait` is over or there are too many waiters. An outcome just recorded answers at once.
    using WaitDone = std::function<void(std::optional<domain::Conversion>)>;
    void Wait(const std::string& delivery_id, std::chrono::milliseconds wait, WaitDone done);

    // The network's own list (route 1's GET); `done` on the dispatcher's thread.
    void ListPrivate(const Parameters& query, Network::ListDone done);

    void Step(std::chrono::milliseconds wait);
    DispatcherCounters counters() const;

private:
    struct Job {
        domain::Conversion conversion;
        std::string delivery_id;
    };
    struct Waiter {
        std::chrono::steady_clock::time_point until;
        WaitDone done;
    };

    const Ownership& ownership() const;
    void Poll(Time now);
    void Take(const store::WorkItem& item);
    void Claim(const domain::Conversion& conversion, Time now);
    void SendQueued();
    void Send(Job job);
    void Withheld(const Job& job);
    void Record(const Job& job, const Attempt& attempt, Parameters sent, Time began);
    void Tell(const Job& job, const Attempt& attempt, int number, bool retried, Time began);
    void Settled(
        const std::string& delivery_id, const std::optional<domain::Conversion>& conversion
    );
    void ExpireWaiters();

    store::Engine& engine_;
    net::Client& client_;
    Network& network_;
    DispatcherOptions options_;
    ledger::Ledger* ledger_ = nullptr;
    std::unique_ptr<SoleOwner> alone_;
    std::atomic<bool> poll_now_ = false;
    std::chrono::steady_clock::time_point next_poll_{};

    mutable std::mutex mutex_;
    std::deque<Job> queued_;
    std::set<std::string> active_;  // delivery ids queued or in flight
    std::deque<Job> recent_;        // outcomes just recorded
    std::multimap<std::string, Waiter> waiters_;
    bool backlog_ = false;
    DispatcherCounters counters_;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

// What a delivery sends, by contract.md's names, read from the document at the first attempt.
Parameters ParametersOf(const domain::Conversion& conversion, const domain::Delivery& delivery);

}  // namespace barracuda::delivery
