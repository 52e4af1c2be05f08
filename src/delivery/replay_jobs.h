// Replay jobs: "send again every dead delivery that fits", at a bounded rate, over restarts.
//
// A job is a document (`job:ID` in the settings) with its filter, its cursor and its progress. A
// worker goes through the dead deliveries page by page, oldest first, wakes each by a command that
// carries the job's id, waits for the ledger, and then keeps the cursor. A crash repeats at most
// one page, and a delivery that the job has woken is not woken by it again; deliveries that died
// after the job was made are not its business.
//
//     ReplayJobs jobs(engine, ledger, {});
//     jobs.Create(filter, 500, "admin:E", [](Result<ReplayJob> made) { … });
//
// Threads: every method from any thread; List and Find block on the store (query threads), the
// answers of Create and Cancel come on the ledger's thread and must be short. A job is its
// node's until that is dead; those that then take it over may work on it at once for a page:
// harmless, each delivery is woken once.
#pragma once

#include <atomic>
#include <functional>
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

struct ReplayJob {
    std::string id;
    DeliveryFilter filter;  // its state is always dead
    int rate = 0;           // deliveries a second
    JobState state = JobState::kRunning;
    std::string by;        // who asked
    std::string node;      // boot id that works on it
    std::string cursor;    // of ListDeliveries
    int64_t replayed = 0;  // woken; after a crash short of at most one page
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
};

class ReplayJobs {
public:
    ReplayJobs(store::Engine& engine, ledger::Ledger& ledger, ReplayOptions options);
    ~ReplayJobs();

    void Start();
    void Stop() { runner_.Stop(); }  // between two pages, at most one page's time

    using Made = std::function<void(Result<ReplayJob>)>;
    void Create(DeliveryFilter filter, int rate, std::string by, Made done);
    // kNotFound when there is no such job; one that has ended stays as it is.
    void Cancel(const std::string& id, Made done);
    Result<std::vector<ReplayJob>> List();  // newest first
    Result<ReplayJob> Find(const std::string& id);

    // How many deliveries a job of this filter would wake now; looks at `scanned_max` conversions
    // at most, and then says that there are more.
    struct Count {
        size_t deliveries = 0;
        bool complete = true;
    };
    Result<Count> DryRun(const DeliveryFilter& filter, size_t scanned_max);

private:
    using Edit = std::function<bool(ReplayJob&)>;  // false: leave it

    void Round();
    bool Step(ReplayJob job);
    void Keep(const std::string& id, Edit edit, Made done);

    store::Engine& engine_;
    ledger::Ledger& ledger_;
    const ReplayOptions options_;

    Repeater runner_;  // last: it uses everything above
};

}  // namespace barracuda::delivery
