// ForwardingEngine: passes everything on to another engine, for tests that change one answer.
// Threads: as the other's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "store/engine.h"

namespace barracuda::store {

class ForwardingEngine : public Engine {
public:
    explicit ForwardingEngine(Engine& to) : to_(to) {}

    Result<std::vector<std::optional<std::string>>> Load(std::span<const Ref> refs) override {
        return to_.Load(refs);
    }
    Result<std::vector<WriteResult>> Commit(std::span<const Write> writes) override {
        return to_.Commit(writes);
    }
    Result<Page> Scan(const ScanRequest& request) override { return to_.Scan(request); }
    Result<size_t> Count(const ScanRequest& request, size_t most) override {
        return to_.Count(request, most);
    }
    Result<std::vector<WorkItem>> Work(const WorkQuery& query) override { return to_.Work(query); }
    Result<std::vector<NodeId>> WorkOwners() override { return to_.WorkOwners(); }
    Result<std::vector<RollupRow>> Rollup(Collection collection) override {
        return to_.Rollup(collection);
    }
    Result<bool> Backup(const std::string& directory) override { return to_.Backup(directory); }
    std::optional<std::string> Trouble() const override { return to_.Trouble(); }
    AcceptedLoss Accepted() const override { return to_.Accepted(); }
    Result<std::vector<std::string>> Verify(bool repair) override { return to_.Verify(repair); }

private:
    Engine& to_;
};

}  // namespace barracuda::store
