// Replay jobs: "send again every dead delivery that fits", or "cancel every waiting (or dead) one",
// at a bounded rate, over restarts.
//
// A job is a document (`job:ID` in the settings) with its filter, its cursor and its progress. A
// worker first counts what fits, so that progress has a whole, then goes through the deliveries
// page by page, oldest first, wakes each by a command that carries the job's id (or ends it), waits
// for the ledger, and then keeps the cursor. A crash repeats at most one page, and a delivery that
// the job has woken is not woken by it again; deliveries that died, and conversions that were
// recorded, after the job was made are not its business.
//
// What waits stands in the work queue by owner, and moves to another's part of it, perhaps behind
// the cursor, when a node takes over a dead one's work: a job over waiting deliveries goes through
// them until a whole pass has cancelled nothing, or so often that no take-over can be left (what
// conversions owe anew meanwhile would keep it going for ever).
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
#include <optional>
#include <string>
#include <vector>

#include "base/repeater.h"
#include "delivery/delivery_list.h"
#include "ledger/ledger.h"
#include "store/engine.h"

namespace barracuda::delivery {

enum class JobState { kRunning, kDone, kCancelled };
const char* NameOf(JobState state);

enum class JobAction { kReplay, kCancel };
const char* NameOf(JobAction action);

struct ReplayJob {
    std::string id;
    JobAction action = JobAction::kReplay;
    DeliveryFilter filter;  // its state is dead; of a cancelling job dead or waiting
    int rate = 0;           // deliveries a second
    JobState state = JobState::kRunning;
    std::string by;        // who asked
    std::string node;      // boot id that works on it
    std::string cursor;    // of ListDeliveries
    bool counted = false;  // `matched` is whole; until then the cursor is the count's
    bool again = false;    // over waiting ones: another pass follows this one
    int64_t passes = 0;    // that were followed by another
    // Deliveries that fitted before the first was woken; nullopt: nobody counted them, for the job
    // began before jobs did.
    std::optional<int64_t> matched = 0;
    int64_t replayed = 0;  // woken or cancelled; after a crash short of at most one page
    std::string error;     // why it does not move at the moment; empty: it does
    int64_t rev = 0;
    Time created, updated;
};

std::string EncodeJob(const ReplayJob& job);
ReplayJob DecodeJob(std::string_view bson);

struct ReplayOptions {
    static constexpr int kRateMax = 10'000;
    size_t page = 200;                      // deliveries between two writes of the cursor
    std::chrono::milliseconds poll{1'000};  // for jobs of other nodes and after an error
    std::function<Time()> now = Time::Now;
    // Whether jobs of this node, another one, may be taken. In RocksDB every other boot is dead.
    std::function<bool(const std::string& node)> is_dead = [](const std::string&) { return true; };
    // Hears of each delivery that was cancelled, on the ledger's thread. May be empty.
    std::function<void(const domain::Delivery&)> ended{};
};

class ReplayJobs {
public:
    ReplayJobs(store::Engine& engine, ledger::Ledger& ledger, ReplayOptions options);
    ~ReplayJobs();

    void Start();
    void Stop() { runner_.Stop(); }  // between two pages, at most one page's time

    using Made = std::function<void(Result<ReplayJob>)>;
    void Create(JobAction action, DeliveryFilter filter, int rate, std::string by, Made done);
    // kNotFound when there is no such job; one that has ended stays as it is.
    void Cancel(const std::string& id, Made done);
    Result<std::vector<ReplayJob>> List();  // newest first
    Result<ReplayJob> Find(const std::string& id);

    // How many deliveries a job of this filter would meet now; looks at `scanned_max` conversions
    // at most, and then says that there are more.
    struct Count {
        size_t deliveries = 0;
        bool complete = true;
    };
    Result<Count> DryRun(const DeliveryFilter& filter, size_t scanned_max);

private:
    using Edit = std::function<bool(ReplayJob&)>;  // false: leave it

    void Round();
    std::chrono::steady_clock::time_point Step(const ReplayJob& job);
    Result<Edit> CountedPart(const ReplayJob& job);
    Result<Edit> HandledPage(const ReplayJob& job, size_t* rows);
    bool KeepNow(const std::string& id, Result<Edit> step);
    void Keep(const std::string& id, Edit edit, Made done);

    store::Engine& engine_;
    ledger::Ledger& ledger_;
    const ReplayOptions options_;
    // When the next page of a job may be, by its rate. Of the runner's thread alone.
    std::map<std::string, std::chrono::steady_clock::time_point> next_;

    Repeater runner_;  // last: it uses everything above
};

}  // namespace barracuda::delivery
