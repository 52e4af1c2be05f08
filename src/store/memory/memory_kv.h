// An ordered store in memory, for tests: snapshots that cost nothing until somebody writes, and a
// switch that makes writes fail. Who tests what a write does derives from it and overrides Apply.
//
// Threads: as kv.h says.
#pragma once

#include <atomic>
#include <map>
#include <memory>

#include "base/thread_safety.h"
#include "store/kv.h"

namespace barracuda::store {

class MemoryKv : public Kv {
public:
    using Map = std::map<std::string, std::string, std::less<>>;
    struct Data {
        // For a writer: whoever still reads the space keeps it as it was.
        Map& Own(Space space) REQUIRES(mutex);

        Mutex mutex;
        // Copied and let go with the mutex held, so that Own sees who reads.
        std::map<Space, std::shared_ptr<Map>> spaces GUARDED_BY(mutex);
        std::atomic<bool> fail_writes = false;
    };

    // Shared data outlives the store: "reopen" is a new MemoryKv over the same data.
    explicit MemoryKv(std::shared_ptr<Data> data) : data_(std::move(data)) {}

    Result<std::vector<std::optional<std::string>>> MultiGet(
        Space space, std::span<const std::string> keys
    ) override;
    Result<bool> Apply(std::span<const KvChange> changes) override;
    std::unique_ptr<KvIterator> Iterate(Space space) override;
    std::unique_ptr<KvSnapshot> Snapshot() override;
    Result<bool> Backup(const std::string& directory) override;

private:
    std::shared_ptr<Data> data_;
};

}  // namespace barracuda::store
