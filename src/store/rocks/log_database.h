// The database of the logs as RocksLog uses it: it outlives a disk that refuses a write.
//
// RocksDB 7.8 ends the process where a write-ahead log is appended to once more after an append
// failed (an assertion of WritableFileWriter; Debian builds with them). So a database whose write
// failed is not written again: it is closed and opened anew, at most every kPause, and until then
// writes fail with the first one's reason.
//
// Threads: every method from any thread; writes go one at a time, reads wait for none of them.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/thread_safety.h"

namespace rocksdb {
class DB;
class Status;
}  // namespace rocksdb

namespace barracuda::store {

class LogDatabase {
public:
    static constexpr std::chrono::seconds kPause{5};

    // Makes the directory when it is not there. Errors: kUnavailable; `damaged`: another try will
    // not do better, the files are at fault.
    static Result<std::unique_ptr<LogDatabase>> Open(std::string directory, bool& damaged);
    ~LogDatabase();

    // To read from, for as long as it is held: an open anew waits for that. Errors: kUnavailable
    // where it could not be opened again.
    Result<std::shared_ptr<rocksdb::DB>> Get() const;

    // Errors: kUnavailable, also of an earlier write. Nothing of a failed write counts on.
    Result<bool> Write(const std::function<rocksdb::Status(rocksdb::DB&)>& write);

    static Error ErrorOf(const rocksdb::Status& status);

private:
    LogDatabase(std::string directory, std::shared_ptr<rocksdb::DB> db);
    Result<bool> Mend() REQUIRES(write_mutex_);

    const std::string directory_;
    Mutex write_mutex_;
    std::string broken_ GUARDED_BY(write_mutex_);  // why the last write failed; empty: it did not
    std::chrono::steady_clock::time_point again_at_ GUARDED_BY(write_mutex_);
    mutable Mutex mutex_;  // held briefly, but while the database is opened anew
    std::shared_ptr<rocksdb::DB> db_ GUARDED_BY(mutex_);  // null: could not be opened again
};

}  // namespace barracuda::store
