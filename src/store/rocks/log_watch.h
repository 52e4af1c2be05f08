// Keeps the high-water mark's word about the logs: RocksDB deletes one when all that was in it is
// in tables, and before that the mark must name another one as the first, or none.
//
// Threads: RocksDB calls from its own and from the writer's; Begin comes before any write.
#pragma once

#include <rocksdb/file_system.h>

#include <map>
#include <memory>
#include <string>

#include "base/thread_safety.h"
#include "store/rocks/high_water.h"

namespace rocksdb {
class DB;
}

namespace barracuda::store {

class LogWatch final : public rocksdb::FileSystemWrapper {
public:
    LogWatch(const std::shared_ptr<rocksdb::FileSystem>& files, std::string directory)
        : FileSystemWrapper(files), directory_(std::move(directory)) {}
    const char* Name() const override { return "barracuda.LogWatch"; }

    // After the open: all that is in older logs than the newest is in tables. Both outlive every
    // later call. Until Begin, the mark in the directory forgets its logs before the first one
    // goes.
    void Begin(const rocksdb::DB& db, HighWaterFile& mark);

    rocksdb::IOStatus NewWritableFile(
        const std::string& name,
        const rocksdb::FileOptions& options,
        std::unique_ptr<rocksdb::FSWritableFile>* file,
        rocksdb::IODebugContext* debug
    ) override;
    // Where the mark cannot be written the log stays.
    rocksdb::IOStatus DeleteFile(
        const std::string& name, const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug
    ) override;

private:
    // Its number; 0: it is no log of this directory. (A backup copies one under the same name.)
    uint64_t OwnLog(const std::string& path) const;
    Result<bool> NameWithout(uint64_t log);

    const std::string directory_;
    Mutex mutex_;
    const rocksdb::DB* db_ GUARDED_BY(mutex_) = nullptr;
    HighWaterFile* mark_ GUARDED_BY(mutex_) = nullptr;
    // By log: the sequence of its first write.
    std::map<uint64_t, uint64_t> begins_ GUARDED_BY(mutex_);
};

}  // namespace barracuda::store
