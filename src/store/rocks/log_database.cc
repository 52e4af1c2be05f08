#include "store/rocks/log_database.h"

#include <rocksdb/db.h>

#include "base/check.h"
#include "store/rocks/rocks_info_log.h"
#include "store/rocks/rocks_options.h"
#include "store/rocks/store_files.h"

namespace barracuda::store {

namespace {

constexpr size_t kInfoLogBytesMax = 2 << 20;

rocksdb::Options OptionsOf(const std::string& directory) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.write_buffer_size = 8 << 20;
    options.max_write_buffer_number = 2;
    options.max_total_wal_size = 16 << 20;
    options.max_background_jobs = 1;
    options.max_bgerror_resume_count = 0;  // opened anew by us
    options.max_open_files = 20;           // app/descriptors.cc counts on it
    options.info_log = MakeInfoLog(directory, kInfoLogBytesMax);
    return options;
}

std::shared_ptr<rocksdb::DB> Closing(rocksdb::DB* db) {
    return {db, [](rocksdb::DB* one) {
                (void)one->Close();  // nothing here was promised to be durable
                delete one;
            }};
}

}  // namespace

Error LogDatabase::ErrorOf(const rocksdb::Status& status) {
    return Error{ErrorCode::kUnavailable, "the log database: " + WordsOf(status), {}};
}

LogDatabase::LogDatabase(std::string directory, std::shared_ptr<rocksdb::DB> db)
    : directory_(std::move(directory)), db_(std::move(db)) {}

LogDatabase::~LogDatabase() = default;

Result<std::unique_ptr<LogDatabase>> LogDatabase::Open(std::string directory, bool& damaged) {
    if (auto found = LookAtStore(directory); !found) {
        damaged = true;
        return Fail(found.error());
    }
    rocksdb::DB* opened = nullptr;
    const auto status = rocksdb::DB::Open(OptionsOf(directory), directory, &opened);
    if (!status.ok()) {
        damaged = status.IsCorruption() || status.IsInvalidArgument() || status.IsPathNotFound();
        return Fail(ErrorOf(status));
    }
    return std::unique_ptr<LogDatabase>(new LogDatabase(std::move(directory), Closing(opened)));
}

Result<std::shared_ptr<rocksdb::DB>> LogDatabase::Get() const {
    MutexLock lock(mutex_);
    if (!db_) return Fail(ErrorCode::kUnavailable, "the log database could not be opened again");
    return db_;
}

Result<bool> LogDatabase::Write(const std::function<rocksdb::Status(rocksdb::DB&)>& write) {
    MutexLock writing(write_mutex_);
    if (auto mended = Mend(); !mended) return mended;
    auto db = Get();
    if (!db) return Fail(db.error());
    const auto status = write(**db);
    if (status.ok()) return true;
    const auto error = ErrorOf(status);
    broken_ = error.message;
    again_at_ = std::chrono::steady_clock::now() + kPause;
    return Fail(error);
}

Result<bool> LogDatabase::Mend() {
    if (broken_.empty()) return true;
    const auto now = std::chrono::steady_clock::now();
    if (now < again_at_) return Fail(ErrorCode::kUnavailable, broken_);
    MutexLock lock(mutex_);
    if (db_.use_count() > 1) return Fail(ErrorCode::kUnavailable, broken_);  // somebody reads
    again_at_ = now + kPause;
    db_.reset();  // its lock on the files first
    rocksdb::DB* opened = nullptr;
    const auto status = rocksdb::DB::Open(OptionsOf(directory_), directory_, &opened);
    if (!status.ok()) return Fail(ErrorOf(status));
    db_ = Closing(opened);
    broken_.clear();
    return true;
}

}  // namespace barracuda::store
