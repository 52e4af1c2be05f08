// The store over a MongoDB replica set or sharded cluster, with any number of nodes.
//
//     auto engine = MongoEngine::Open({.client = {.uri = uri, .database = "barracuda"}});
//
// Inserts go first and the unique index (click_id, goal_id, occurrence) is the arbiter; every
// answer is of documents that a majority holds. E11000 never leaves here. docs/formats/mongodb.md
// and docs/decisions/mongodb.md.
//
// A database of the seed is opened and refuses writes (Trouble says why) until it has been adopted,
// by whomever (adoption.h): this engine notices by itself.
//
// Threads: thread-safe; Commits in parallel are for different documents. One thread of its own
// watches the server and builds indexes, another one counts cells where that is asked for. Errors:
// Open kInvalid (address, credentials, version, standalone, privilege, another application's
// database), afterwards kUnavailable.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "base/fault.h"
#include "base/thread_safety.h"
#include "store/engine.h"
#include "store/mongo/cell_keeper.h"
#include "store/mongo/reader.h"

namespace barracuda::store {

struct MongoEngineOptions {
    MongoOptions client;
    bool allow_standalone = false;
    bool several_per_click = false;  // a goal is configured so: the seed's unique index must go
    std::chrono::milliseconds start_patience{15'000};  // for a first primary, and for the indexes
    std::chrono::milliseconds deadline{8'000};         // of one Load or Commit, over failovers
    // After this long without a primary, calls fail at once.
    std::chrono::milliseconds trouble_patience{3'000};
    FaultSink* faults = &NoFaults();  // lives longer than the engine
    bool cells = false;               // keeps those of the reports, in turn with other nodes
};

class MongoEngine final : public Engine, public CellSource {
public:
    static Result<std::unique_ptr<MongoEngine>> Open(const MongoEngineOptions& options);
    ~MongoEngine() override;

    Result<std::vector<std::optional<std::string>>> Load(std::span<const Ref> refs) override;
    Result<std::vector<WriteResult>> Commit(std::span<const Write> writes) override;
    Result<Page> Scan(const ScanRequest& request) override;
    Result<size_t> Count(const ScanRequest& request, size_t most) override;
    Result<std::vector<std::string>> FindAny(IndexId index, std::span<const std::string> values)
        override;
    Result<std::vector<WorkItem>> Work(const WorkQuery& query) override;
    Result<std::vector<NodeId>> WorkOwners() override;
    // At most 10 s old where computing it is slow; older where it takes longer than that.
    Result<std::vector<RollupRow>> Rollup(Collection collection) override;
    Result<bool> ReadCells(CellView view, Time from, Time to, const TakeCell& take) override;
    Result<Time> CellsAsOf(Time now) override;
    // One sweep, as the thread for cells makes it every few seconds; for tests and commands without
    // that thread.
    Result<bool> SweepCells(Time now) { return cells_.Sweep(now); }
    // Refused: mongodump or a snapshot does that.
    Result<bool> Backup(const std::string& directory) override;
    std::optional<std::string> Trouble() const override;
    // Indexes and documents that cannot be read; `repair` builds indexes.
    Result<std::vector<std::string>> Verify(bool repair) override;
    bool InsertsFirst() const override { return true; }

    // The client of lists, for checks that look below documents or beside them.
    MongoClient& client() { return *lists_; }

private:
    using Clock = std::chrono::steady_clock;
    struct Cached {
        Clock::time_point until;
        std::vector<RollupRow> rows;
        bool takes_long = false;
    };
    // A server that hangs keeps whoever asked it for as long as its socket may be silent, also when
    // another member has taken over long ago. So each kind of question has its own limit.
    struct Clients {
        std::unique_ptr<MongoClient> fast;   // the ledger, the nodes, settings: documents by key
        std::unique_ptr<MongoClient> lists;  // a page
        std::unique_ptr<MongoClient> sums;   // statistics of very many documents
    };

    MongoEngine(const MongoEngineOptions& options, Clients clients);
    Result<MongoClient*> Patient();
    void Watch();
    void KeepCells(std::stop_token stop);
    // nullopt: indexes are there and the database is ours. kInvalid, kForbidden: it never will be;
    // kConflict: not before it is adopted.
    std::optional<Error> MakeReady();
    std::optional<Error> JudgeNarrowIndex();
    std::optional<std::string> Unconfirmed();
    void SetTrouble(std::optional<std::string> trouble);
    Result<std::vector<RollupRow>> Sums(Collection collection, bool takes_long);
    // An error when trying is of no use now.
    std::optional<Error> Hopeless(bool writing) const;

    MongoEngineOptions options_;
    std::unique_ptr<MongoClient> fast_, lists_, sums_;  // as Clients has them
    // While indexes are built, over many documents: the watcher's.
    std::unique_ptr<MongoClient> patient_;
    Seen seen_;
    Reader reader_;
    CellKeeper cells_;

    mutable Mutex mutex_;
    Condition changed_;
    bool stopping_ GUARDED_BY(mutex_) = false;
    bool ready_ GUARDED_BY(mutex_) = false;
    // Of MakeReady: no use to go on.
    std::optional<Error> refusal_ GUARDED_BY(mutex_);
    // No use to wait for it at the start.
    bool unadopted_ GUARDED_BY(mutex_) = false;
    std::optional<std::string> trouble_ GUARDED_BY(mutex_);
    Clock::time_point trouble_since_ GUARDED_BY(mutex_);

    std::timed_mutex summing_;
    Mutex rollups_mutex_;
    std::map<Collection, Cached> rollups_ GUARDED_BY(rollups_mutex_);
    std::thread watcher_;
    std::jthread cell_keeper_;
};

}  // namespace barracuda::store
