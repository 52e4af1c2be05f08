// DueFinder: finds for the dispatcher what is due in the work queue, by rounds of pages
// (work_sweep.h), and takes over what dead nodes owe. Four rounds go on side by side:
//
//     near     what became due since the last look, at most a second later
//     late     what became due behind that look, by another node's clock
//     missed   what a network could not take when it was found, once it is well and has room
//     far      everything, in a hundredth of the time; it also counts what is due (due_tally.h)
//
// So a network that is down never delays retries to the others. A page holds up the sending while
// it is read: its length follows the room in the queues.
//
// Threads: Miss, PollSoon, hungry, DueOf and oldest_due from any; the rest from the one that steps
// the dispatcher. It calls its DueTaker without a lock held.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "base/thread_safety.h"
#include "base/time.h"
#include "delivery/breaker.h"
#include "delivery/due_tally.h"
#include "delivery/seen_work.h"
#include "delivery/work_sweep.h"
#include "domain/conversion.h"
#include "ledger/ledger.h"
#include "nodes/ownership.h"
#include "store/engine.h"

namespace barracuda::delivery {

// Queues the deliveries that were found; the dispatcher is one. Threads: any.
class DueTaker {
public:
    virtual ~DueTaker() = default;

    // A page is about to be read: how many deliveries could be queued now. From here on InHand also
    // knows what is recorded until the next page: the page may have it as it was before.
    virtual size_t BeginPage(Instant now) = 0;
    virtual size_t Room(Instant now) = 0;
    // Queues what is due of a document, if this node owns it. True: something was queued.
    virtual bool Claim(const domain::Conversion& conversion) = 0;
    virtual bool InHand(const DeliveryId& delivery_id) const = 0;
    // As DestinationQueues' of the same names.
    virtual std::optional<Time> TakeMissed(Instant now) = 0;
    virtual std::optional<Time> MissedProbe(Instant now) const = 0;
    virtual void NothingToProbe(Instant now) = 0;
    // Something was queued from another thread than the dispatcher's.
    virtual void Wake() = 0;
};

class DueFinder {
public:
    static constexpr size_t kRoomToGoOn = 64;  // deliveries; with less no further page is read

    struct Options {
        std::chrono::milliseconds poll;
        std::function<Time()> now;
        std::function<Instant()> steady;
    };

    DueFinder(store::Engine& engine, DueTaker& taker, Options options);

    // Before anything else. Whatever was due by now is an earlier boot's, to be taken over.
    void Attach(ledger::Ledger& ledger, const nodes::Ownership& ownership);

    // Reads one page of one round, if one's time has come. While this node may not send, none has.
    void Poll();
    // Takes over a page of what dead nodes owe (over RocksDB: earlier boots), when next_take_over
    // has come.
    void TakeOver();
    Instant next_take_over() const { return next_take_over_; }
    // When Poll or TakeOver has something to do.
    Instant next() const;

    // A delivery due at `due` was found and could not be queued: it is looked for again.
    void Miss(Time due);
    // The last page was queued, and more is due.
    bool hungry() const { return hungry_; }
    // There is room again: rounds that found something, and the missed one, go on at once.
    void PollSoon();

    DueTally::Due DueOf(const QueueKey& queue) const { return tally_.Of(queue); }
    std::optional<Time> oldest_due() const { return tally_.oldest(); }

private:
    // Of the time, where nothing is queued, one part in so many.
    static constexpr int kPassingOverNew = 10, kPassingOverOld = 100;
    struct Round {
        WorkSweep sweep;
        const int passing_over;
        Instant next{};                       // when its next page is to be read
        bool fruitful = false;                // something of its last page was queued
        std::optional<Time> from{}, until{};  // of the round under way
    };

    void PollNear();
    void PollLate();
    void PollMissed();
    bool BeginMissed();
    void EndMissed(const std::optional<WorkSweep::Page>& page);
    void PollFar();
    std::optional<WorkSweep::Page> ReadPage(
        Round& round, Time until, std::optional<Time> start, bool counting = false
    );
    bool ClaimAll(const std::vector<store::WorkItem>& items, bool& fruitful, bool counting);
    void Count(domain::Conversion conversion);
    void Take(const store::WorkItem& item);

    store::Engine& engine_;
    DueTaker& taker_;
    const Options options_;
    ledger::Ledger* ledger_ = nullptr;
    const nodes::Ownership* ownership_ = nullptr;

    Round near_, late_, missed_round_, far_;
    bool for_probe_ = false;  // the missed round looks for probes alone
    SeenWork seen_;
    Time looked_until_{};  // what was due by then has been looked at
    Instant next_take_over_{};

    DueTally tally_;  // of the far rounds
    std::atomic<bool> hungry_ = false, poll_now_ = false;

    mutable Mutex mutex_;
    // Since when is due what has to be looked at again.
    std::optional<Time> missed_ GUARDED_BY(mutex_);
    std::set<store::Ref> taking_ GUARDED_BY(mutex_);  // take-overs that the ledger has not answered
};

}  // namespace barracuda::delivery
