// FlowRunner: the steps behind a form. Acquire a click, record the registration, then the deposit
// by chain rule (docs/contract.md, routes 2 and 3). The pending step stands in the contact's
// document, written together with the outcome of the one before; a restart goes on where the
// program stopped.
//
// One worker thread runs all flows: it reads the store, starts calls and commands, and takes their
// answers from a queue. Nothing on it waits for the network.
//
// Threads: Create, Written and ClickOfHash from any thread; Start, Stop and FollowLast from the
// app's. `done` runs on the worker's or the ledger's thread and must be short. Stop before the
// dispatcher stops, FollowLast before the ledger does; destroy after them.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/thread_safety.h"
#include "contacts/contact_sync.h"
#include "delivery/dispatcher.h"
#include "delivery/irev_api.h"
#include "domain/contact.h"

namespace barracuda::nodes {
class GoalRules;
}  // namespace barracuda::nodes

namespace barracuda::contacts {

// The goals that a form's flow reports, as the catalog has them at one moment.
struct FlowGoals {
    std::string registration = "5";
    std::string then = "6";  // the chain rule's; empty: none
    domain::GoalType then_type = domain::GoalType::kDeposit;
    std::string then_amount = "100";   // USD, of a form that names none
    bool then_when_delivered = false;  // route 2 waits for the network's yes as route 3 always does
};

struct FlowOptions {
    std::string offer = "2";   // of the network's call
    std::string url_id = "2";  // where the form names none
    std::chrono::milliseconds inline_wait{5'000};
    std::chrono::milliseconds poll{500};
    // How often a flow whose registration is dead is looked at: a crash may have kept it from being
    // woken when the delivery was replayed.
    std::chrono::milliseconds refused_look{3'600'000};
    size_t runs_max = 1'024;             // flows in memory; more wait in the store, due
    size_t jobs_max = 16'384;            // what waits for the worker; beyond it no form is taken
    delivery::RetrySchedule schedule{};  // of the call that acquires a click
    std::function<Time()> now = Time::Now;
    std::function<double()> random{};             // [0, 1), for the jitter
    const nodes::Ownership* ownership = nullptr;  // none: this process is alone on its store
    bool shared_contacts = false;                 // other nodes write contacts too (contact_sync.h)
    const nodes::GoalRules* rules = nullptr;      // none: every goal counts once a click
    // Asked at every step; empty: the defaults of FlowGoals.
    std::function<FlowGoals()> goals{};
    // The asks of further networks for conversions of a goal. May be empty.
    std::function<std::vector<domain::DeliveryAsk>(std::string_view goal)> asks{};
    // Why the network of the forms is sent nothing (stop.h); empty, or no function: it is.
    std::function<std::string()> stopped{};
    std::chrono::milliseconds stopped_look{5'000};  // how often a flow that waits for it looks
};

struct FlowProgress {
    domain::Contact contact;  // as last written
    std::optional<domain::Conversion> registration;
    std::optional<domain::Conversion> deposit;
};

class FlowRunner {
public:
    // Clicks asked for at a time: a network that hangs may not take the connections of others.
    static constexpr size_t kAcquiresMax = 64;

    FlowRunner(
        store::Engine& engine,
        delivery::IrevApi& network,
        delivery::Dispatcher& dispatcher,
        FlowOptions options
    );
    ~FlowRunner();

    void Start(ledger::Ledger& ledger);
    // Asks for no more clicks; calls under way go on.
    void StopBeginning() { beginning_ = false; }
    void Stop();  // answers who waits with what is known
    // After that, when the dispatcher has stopped too: lets contact flags follow what the ledger
    // was told last. Takes at most about `patience`; what it leaves is done at the next start.
    void FollowLast(std::chrono::milliseconds patience);

    // Writes the contact with its first step (`flow.step`; owner, due and rev are set here).
    // kConflict: the e-mail is known. Else `done` gets how far the flow has come when it ends, or
    // rests until a retry, or after `wait`; with no wait as soon as the contact is durable.
    // False: too much waits already, here or in the ledger; `done` is not called then.
    using Done = std::function<void(Result<FlowProgress>)>;
    [[nodiscard]] bool Create(domain::Contact contact, std::chrono::milliseconds wait, Done done);

    // For ledger::Hooks.
    void Written(const domain::Conversion& conversion);

    // Runs `then` on the worker after what it has been told so far: every command of a flow that
    // was stopped before is with the ledger by then. Here, when the worker has stopped.
    void AfterJobs(std::function<void()> then);

    // The click id of a click that the network gave with this hash (click_hash.h), when they
    // differ; also where its contact was erased. `done` at once where memory knows, else on the
    // worker after it asked the store.
    using ClickDone = std::function<void(Result<std::optional<std::string>>)>;
    void ClickOfHash(const std::string& hash, ClickDone done);
    // The hash that the network gave with a click, as far as memory knows it. Never blocks.
    std::optional<std::string> HashOfClick(const std::string& click) const {
        return sync_.HashOfClick(click);
    }

    // The offer URL that the flow of this contact calls; empty: the network has no address.
    std::string TrackingLinkOf(const domain::Contact& contact) const;

private:
    using Clock = std::chrono::steady_clock;
    struct Run {
        FlowProgress progress;
        Clock::time_point until{};
        Done done;  // empty: nobody waits (any more)
    };
    using RunPtr = std::shared_ptr<Run>;
    using Change = std::function<void(domain::Contact&)>;

    void Post(std::function<void()> job);
    void Work();
    void Load();
    void Follow();
    const nodes::Ownership& ownership() const;
    bool Turn(std::chrono::steady_clock::time_point& next_poll);
    void Poll();
    void ResolveHashes();
    void TakeUp(const store::Ref& ref, const std::string& document, Time now);
    void AnswerLate(bool all);
    static void Answer(Run& run);

    void Begin(domain::Contact contact, std::chrono::milliseconds wait, Done done);
    void Advance(RunPtr run);
    void Release(RunPtr run);
    void Forget(const domain::Contact& contact);
    // Writes `change` and the flags, then calls `next`, while the contact is still at the step it
    // was decided on; else, or when that fails, lets go of the flow (it stays due).
    void Save(RunPtr run, Change change, std::function<void()> next);
    void Acquire(RunPtr run);
    void AcquireStopped(RunPtr run, const std::string& why);
    void AcquireNext();
    void Acquired(RunPtr run, const delivery::Attempt& attempt);
    void Register(RunPtr run);
    void Registered(RunPtr run);
    void Refused(RunPtr run);
    void Proceed(RunPtr run);
    // Rests until `look`; the contact says why.
    void Rest(RunPtr run, domain::FlowStep step, const std::string& error, Time look);
    void Deposit(RunPtr run);
    // Chooses what the step of this contact reports, where it was written without that.
    Result<bool> ChooseGoal(domain::Contact& contact) const;
    void Submit(RunPtr run, domain::Report report, std::function<void(domain::Conversion)> next);
    void AwaitDelivery(
        const domain::Conversion& conversion,
        std::chrono::milliseconds wait,
        std::function<void(domain::Conversion)> next
    );
    FlowGoals Goals() const;
    void Finish(RunPtr run, const std::string& affiliate_error);
    void RetryAcquire(RunPtr run, const delivery::Attempt& attempt);

    store::Engine& engine_;
    delivery::IrevApi& network_;
    delivery::Dispatcher& dispatcher_;
    const FlowOptions options_;
    ContactSync sync_;
    ledger::Ledger* ledger_ = nullptr;
    std::unique_ptr<nodes::SoleOwner> alone_;

    Mutex mutex_;
    Condition wake_;
    std::deque<std::function<void()>> jobs_ GUARDED_BY(mutex_);
    bool stopping_ GUARDED_BY(mutex_) = false;
    bool sync_waits_ GUARDED_BY(mutex_) = false;
    // To be asked of the store.
    std::vector<std::pair<std::string, ClickDone>> hashes_ GUARDED_BY(mutex_);

    std::atomic<bool> beginning_ = true;

    // The worker's alone.
    bool loaded_ = false;
    Clock::time_point next_follow_{};     // after the store did not answer
    std::map<std::string, RunPtr> runs_;  // by contact id
    size_t acquiring_ = 0;                // calls under way
    std::deque<RunPtr> acquire_later_;
    std::thread thread_;
};

}  // namespace barracuda::contacts
