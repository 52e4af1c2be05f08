// Jobs: "send again every dead delivery that fits", "cancel every waiting (or dead) one", "approve
// these conversions" (bulk.h), at a bounded rate, over restarts.
//
// A job is a document of the settings (replay_job.h) with its filter, its cursor and its progress.
// A worker first counts what fits, so that progress has a whole, then goes through the deliveries
// page by page, oldest first, wakes each by a command that carries the job's id (or ends it), waits
// for the ledger, and then keeps the cursor. A crash repeats at most one page, and what the job has
// woken or changed is not woken or changed by it again; deliveries that died, and conversions that
// were recorded, after the job was made are not its business.
//
// Waiting deliveries stand in the work queue by owner. When a node takes over a dead one's work
// they move to another part of it, perhaps behind the cursor: a job over waiting deliveries goes
// through them until a whole pass has cancelled nothing, or so often that no take-over can be left
// (what conversions owe anew meanwhile would keep it going for ever).
//
// What became of the deliveries that a job woke is counted beside its work and after it, until none
// of them waits any more (replay_outcomes.h), in a twentieth of the time.
//
//     ReplayJobs jobs(engine, ledger, {});
//     jobs.Create(JobAction::kReplay, filter, 500, "admin:E", [](Result<ReplayJob> made) { … });
//
// Threads: every method from any thread; List and Find block on the store (query threads), the
// answers of Create and Cancel come on the ledger's thread and must be short. A job is its
// node's until that is dead; those that then take it over may work on it at once for a page:
// harmless, each delivery is woken once.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/repeater.h"
#include "delivery/replay_job.h"
#include "ledger/ledger.h"
#include "store/engine.h"

namespace barracuda::delivery {

struct ReplayOptions {
    static constexpr int kRateMax = 10'000, kRateUsual = 500;  // deliveries a second
    static constexpr int kBulkRate = 2'000;                    // conversions a second
    size_t page = 200;                      // deliveries between two writes of the cursor
    std::chrono::milliseconds poll{1'000};  // for jobs of other nodes and after an error
    std::function<Time()> now = Time::Now;
    // Whether another node is dead, so that its jobs may be taken. In RocksDB every other boot is.
    std::function<bool(const NodeId& node)> is_dead = [](const NodeId&) { return true; };
    // Hears of each delivery that was cancelled, on the ledger's thread. May be empty.
    std::function<void(const domain::Delivery&)> ended{};
    // Hears of each job that was begun, moved or ended, on any thread. May be empty.
    std::function<void(const ReplayJob&)> moved{};
    AsksFor asks{};  // by the catalog of the moment; empty: no network is told of what changes
};

class ReplayJobs {
public:
    ReplayJobs(store::Engine& engine, ledger::Ledger& ledger, ReplayOptions options);
    ~ReplayJobs();

    void Start();
    void Stop() { runner_.Stop(); }  // between two pages, at most one page's time

    using Made = std::function<void(Result<ReplayJob>)>;
    void Create(JobAction action, DeliveryFilter filter, int rate, std::string by, Made done);
    // `matched`: what a DryRun found; nullopt: the job counts itself.
    void CreateBulk(
        JobAction action,
        Bulk bulk,
        int rate,
        std::string by,
        std::optional<int64_t> matched,
        Made done
    );
    // Ends a job between two pages. kNotFound when there is no such job; one that has ended stays
    // so.
    void Cancel(const std::string& id, Made done);
    Result<std::vector<ReplayJob>> List();  // newest first
    Result<ReplayJob> Find(const std::string& id);

    // How many deliveries, or conversions, a job of this filter would meet now; looks at
    // `scanned_max` conversions at most, and then says that there are more.
    struct Count {
        size_t matched = 0;
        bool complete = true;
    };
    Result<Count> DryRun(const DeliveryFilter& filter, size_t scanned_max);
    Result<Count> DryRun(const Bulk& bulk, size_t scanned_max);

private:
    using Edit = std::function<bool(ReplayJob&)>;  // false: leave it
    using Clock = std::chrono::steady_clock;
    // A job whose outcomes are counted, a part of the count a round.
    struct Follow {
        Clock::time_point next{};             // when a count may begin
        std::optional<OutcomeCount> count{};  // the one under way
        Clock::duration spent{};              // on it
        bool ended = false;                   // the job had ended before it began
    };

    void Begin(ReplayJob job, Made done);
    void Round();
    Clock::time_point Step(const ReplayJob& job);
    Result<Edit> CountedPart(const ReplayJob& job);
    Result<Edit> HandledPage(const ReplayJob& job, size_t* rows);
    Result<Edit> BulkPart(const ReplayJob& job);
    Result<Edit> BulkHandled(const ReplayJob& job, size_t* rows);
    bool KeepNow(const ReplayJob& job, Result<Edit> step);
    Clock::time_point FollowPart(const ReplayJob& job, Follow& follow);
    void KeepOutcomes(const ReplayJob& job, const Follow& follow, bool whole);
    ledger::EditFunction EditOf(Edit edit, std::shared_ptr<std::optional<ReplayJob>> after) const;
    void Keep(std::span<const store::Ref> refs, Edit edit, Made done);

    store::Engine& engine_;
    ledger::Ledger& ledger_;
    const ReplayOptions options_;
    // When the next page of a job may be, by its rate. Of the runner's thread alone.
    std::map<std::string, Clock::time_point> next_;
    std::map<std::string, Follow> follows_;  // the same

    Repeater runner_;  // last: it uses everything above
};

}  // namespace barracuda::delivery
