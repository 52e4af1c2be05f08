#include "store/rocks/log_watch.h"

#include <rocksdb/db.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>

#include "store/rocks/store_files.h"

namespace barracuda::store {

namespace {

// Of 000012.log; 0: it is no log.
uint64_t LogNumberOf(std::string_view name) {
    if (!name.ends_with(".log")) return 0;
    name.remove_suffix(4);
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    return error == std::errc() && end == name.data() + name.size() ? number : 0;
}

uint64_t NewestLogIn(const std::string& directory) {
    uint64_t newest = 0;
    const auto names = NamesIn(directory).value_or(std::vector<std::string>());
    for (const auto& name : names) newest = std::max(newest, LogNumberOf(name));
    return newest;
}

}  // namespace

uint64_t LogWatch::OwnLog(const std::string& path) const {
    if (!path.ends_with(".log")) return 0;
    const auto plain = std::filesystem::path(path).lexically_normal();
    const auto own = (std::filesystem::path(directory_) / plain.filename()).lexically_normal();
    return plain == own ? LogNumberOf(plain.filename().native()) : 0;
}

void LogWatch::Begin(const rocksdb::DB& db, HighWaterFile& mark) {
    const uint64_t log = NewestLogIn(directory_);
    if (log == 0) return;
    MutexLock lock(mutex_);
    db_ = &db;
    mark_ = &mark;
    const uint64_t from = db.GetLatestSequenceNumber() + 1;
    // Where the mark cannot be written it names none, and says less.
    if (mark.NameLogs(from, log)) begins_ = {{log, from}};
}

rocksdb::IOStatus LogWatch::NewWritableFile(
    const std::string& name,
    const rocksdb::FileOptions& options,
    std::unique_ptr<rocksdb::FSWritableFile>* file,
    rocksdb::IODebugContext* debug
) {
    auto status = FileSystemWrapper::NewWritableFile(name, options, file, debug);
    if (const uint64_t log = OwnLog(name); log > 0 && status.ok()) {
        MutexLock lock(mutex_);
        // RocksDB lets no write pass while it changes to another log.
        if (mark_) begins_[log] = db_->GetLatestSequenceNumber() + 1;
    }
    return status;
}

rocksdb::IOStatus LogWatch::DeleteFile(
    const std::string& name, const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug
) {
    if (const uint64_t log = OwnLog(name)) {
        if (auto named = NameWithout(log); !named) {
            return rocksdb::IOStatus::IOError(named.error().message);
        }
    }
    return FileSystemWrapper::DeleteFile(name, options, debug);
}

Result<bool> LogWatch::NameWithout(uint64_t log) {
    MutexLock lock(mutex_);
    if (!mark_) return ForgetLogs(directory_);
    const auto rest = begins_.upper_bound(log);
    if (rest == begins_.begin()) return true;
    HighWaterFile& mark = *mark_;
    auto named =
        rest == begins_.end() ? mark.NameLogs(0, 0) : mark.NameLogs(rest->second, rest->first);
    if (named) begins_.erase(begins_.begin(), rest);
    return named;
}

}  // namespace barracuda::store
