// The store over an ordered key-value store: documents, index entries, the work queue and rollups
// change in one batch. Preconditions are checked here, under one writer's lock.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include "store/empty_ranges.h"
#include "store/engine.h"
#include "store/kv.h"

namespace barracuda::store {

class KvEngine final : public Engine {
public:
    // Builds missing indexes when the stored index version is another one.
    static Result<std::unique_ptr<KvEngine>> Open(std::unique_ptr<Kv> kv);
    // As it stands: builds nothing, so what reads an index may miss some.
    static std::unique_ptr<KvEngine> OpenToRead(std::unique_ptr<Kv> kv);

    Result<std::vector<std::optional<std::string>>> Load(std::span<const Ref> refs) override;
    Result<std::vector<WriteState>> Commit(std::span<const Write> writes) override;
    Result<Page> Scan(const ScanRequest& request) override;
    Result<std::vector<WorkItem>> Work(const WorkQuery& query) override;
    Result<std::vector<std::string>> WorkOwners() override;
    Result<std::vector<RollupRow>> Rollup(Collection collection) override;
    Result<bool> Backup(const std::string& directory) override { return kv_->Backup(directory); }
    std::optional<std::string> Trouble() const override;

    Result<std::vector<std::string>> Verify(bool repair) override;

private:
    explicit KvEngine(std::unique_ptr<Kv> kv) : kv_(std::move(kv)) {}

    using Revisions = std::unordered_map<std::string, int64_t>;  // by document key; absent: -1
    static constexpr size_t kKnownMax = 65'536;                  // documents

    struct Batch;
    Revisions TakeKnown();
    Result<WriteState> Plan(const Write& write, Batch& batch);
    Result<bool> StoredIs(const Write& write, const Batch& batch);
    Result<Page> ScanWork(const ScanRequest& request);
    Result<bool> UniqueTaken(const struct IndexEntry& entry, const Batch& batch);

    std::unique_ptr<Kv> kv_;
    EmptyRanges empty_work_;          // of the work queue
    std::mutex commit_mutex_;         // one writer; reads never wait for it, nor for its sync
    mutable std::mutex state_mutex_;  // guards everything below, briefly
    std::string trouble_;
    // Revisions as loads saw them since the last commit, so that a commit right after its load
    // (the ledger's way) reads nothing twice. A commit raises the epoch at its start and end.
    Revisions known_;
    uint64_t epoch_ = 0;
};

}  // namespace barracuda::store
