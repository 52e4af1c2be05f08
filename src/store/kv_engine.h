// The store over an ordered key-value store: documents, index entries, the work queue, rollups and
// cells change in one batch. Preconditions are checked here, under one writer's lock.
//
// Threads and errors: as Engine's; Open and OpenToRead from one, before anybody has the engine.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <unordered_map>

#include "base/thread_safety.h"
#include "store/cells.h"
#include "store/empty_ranges.h"
#include "store/engine.h"
#include "store/fillable.h"
#include "store/kv.h"

namespace barracuda::store {

class KvEngine final : public Engine, public CellSource, public Fillable {
public:
    // Builds everything that is derived when its stored version is another one: first, or on a
    // thread of its own, until whose end Trouble() says so, writes are refused and lists may miss
    // some.
    // Before that, a copy of the store as it is goes into `copy_before`, if that is not empty and
    // not there yet: the way back to the program before. A store of a later version is refused
    // (kUnavailable), and nothing in it changes.
    enum class Build { kFirst, kBeside };
    static Result<std::unique_ptr<KvEngine>> Open(
        std::unique_ptr<Kv> kv, Build build = Build::kFirst, const std::string& copy_before = {}
    );
    // As it stands: builds nothing, so what reads an index may miss some.
    static std::unique_ptr<KvEngine> OpenToRead(std::unique_ptr<Kv> kv);
    ~KvEngine() override;

    Result<std::vector<std::optional<std::string>>> Load(std::span<const Ref> refs) override;
    Result<std::vector<WriteResult>> Commit(std::span<const Write> writes) override;
    Result<bool> Insert(std::vector<NewDocument> documents) override;
    Result<Page> Scan(const ScanRequest& request) override;
    Result<size_t> Count(const ScanRequest& request, size_t most) override;
    Result<std::vector<WorkItem>> Work(const WorkQuery& query) override;
    Result<std::vector<NodeId>> WorkOwners() override;
    Result<std::vector<RollupRow>> Rollup(Collection collection) override;
    Result<bool> ReadCells(CellView view, Time from, Time to, const TakeCell& take) override;
    Result<Time> CellsAsOf(Time now) override { return now; }
    Result<bool> Backup(const std::string& directory) override { return kv_->Backup(directory); }
    Result<bool> Purge(std::span<const Ref> refs) override;
    std::optional<std::string> Trouble() const override;
    AcceptedLoss Accepted() const override { return accepted_loss_; }

    Result<std::vector<std::string>> Verify(bool repair) override;

private:
    explicit KvEngine(std::unique_ptr<Kv> kv);

    Result<bool> BuildDerived(bool anew, std::stop_token stop);
    void BuildBeside(bool anew, std::stop_token stop);
    void SetTrouble(std::string trouble);

    using Revisions = std::unordered_map<std::string, int64_t>;  // by document key; absent: -1
    static constexpr size_t kKnownMax = 65'536;                  // documents

    struct Batch;
    Revisions TakeKnown();
    Result<WriteState> Plan(const Write& write, Batch& batch);
    Result<bool> AnyTaken(
        std::span<const struct IndexEntry> entries,
        std::span<const struct IndexEntry> before,
        const Batch& batch
    );
    Result<bool> PurgeCells(std::span<const Ref> refs);
    Result<bool> StoredIs(const Write& write, Batch& batch);
    Result<Page> ScanWork(const ScanRequest& request);
    Result<bool> UniqueTaken(const struct IndexEntry& entry, const Batch& batch);

    std::unique_ptr<Kv> kv_;
    AcceptedLoss accepted_loss_;         // as it was at the open
    std::atomic<bool> derived_ = false;  // what is derived is of this version
    EmptyRanges empty_work_;             // of the work queue
    Mutex commit_mutex_;                 // one writer; reads never wait for it, nor for its sync
    std::unique_ptr<Batch> batch_ GUARDED_BY(commit_mutex_);  // its blocks are used by each commit
    mutable Mutex state_mutex_;                               // held briefly
    std::string trouble_ GUARDED_BY(state_mutex_);
    // Revisions as loads saw them since the last commit, so that a commit right after its load
    // (the ledger's way) reads nothing twice. A commit raises the epoch at its start and end.
    Revisions known_ GUARDED_BY(state_mutex_);
    uint64_t epoch_ GUARDED_BY(state_mutex_) = 0;
    std::jthread builder_;  // last: ends before what it uses goes
};

}  // namespace barracuda::store
