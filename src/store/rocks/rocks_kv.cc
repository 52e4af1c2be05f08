#include "store/rocks/rocks_kv.h"

#include <fcntl.h>
#include <rocksdb/db.h>
#include <rocksdb/utilities/checkpoint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <string>

#include "store/kv_keys.h"
#include "store/rocks/batch_bytes.h"
#include "store/rocks/high_water.h"
#include "store/rocks/log_watch.h"
#include "store/rocks/loss.h"
#include "store/rocks/rocks_info_log.h"
#include "store/rocks/rocks_ingest.h"
#include "store/rocks/rocks_options.h"
#include "store/rocks/rocks_reads.h"
#include "store/rocks/sight.h"
#include "store/rocks/store_files.h"
#include "store/rocks/wal_reader.h"

namespace barracuda::store {

namespace {

constexpr size_t kInfoLogBytesMax = 8 << 20;

// The file system of a database, and the watch over its write-ahead logs.
struct Watched {
    std::shared_ptr<LogWatch> logs;
    std::unique_ptr<rocksdb::Env> env;
};

class RocksKv final : public Kv {
public:
    RocksKv(rocksdb::DB* db, Families families, Watched watched, bool filling)
        : watched_(std::move(watched)),
          db_(db),
          families_(std::move(families)),
          filling_(filling) {}

    ~RocksKv() override {
        if (filling_) (void)db_->Flush({}, families_);  // what fails here the next open tells
        for (auto* family : families_) db_->DestroyColumnFamilyHandle(family);
        db_->Close();
        db_.reset();  // before the mark: a log may go until then
    }

    Result<std::vector<std::optional<std::string>>> MultiGet(
        Space space, std::span<const std::string> keys
    ) override {
        SeePublished();
        return ReadMany(*db_, {}, Family(space), keys);
    }

    Result<bool> Apply(std::span<const KvChange> changes) override {
        // In the order of the keys: the memtable's skip list remembers where it inserted last, so
        // neighbours cost few comparisons (docs/performance.md).
        const auto ordered = InKeyOrder(changes);
        // The stamp is in the log alone, for who replays a copy of it up to a time (wal_reader.h).
        rocksdb::WriteBatch batch(BatchBytes(ordered, StampOf(Time::Now()), FamilyIds()));
        rocksdb::WriteOptions options;
        options.sync = !filling_;
        options.disableWAL = filling_;  // a crash leaves what has to be made again in any case
        auto status = db_->Write(options, &batch);
        if (!status.ok()) return Fail(RocksErrorOf(status));
        published_.fetch_add(1, std::memory_order_release);
        Advance(changes);
        return true;
    }

    Result<bool> Ingest(const KvRun& run) override {
        if (!filling_) return Kv::Ingest(run);
        const auto number = ingested_.fetch_add(1);
        const auto place = db_->GetName() + "/ingest-" + std::to_string(number);
        if (auto taken = IngestRun(*db_, families_, place, run); !taken) return taken;
        published_.fetch_add(1, std::memory_order_release);
        std::vector<KvChange> sums;  // by which the mark counts
        for (const auto& at : run.Of(Space::kIndexes)) {
            if (run.Key(at)[0] != kRollupPrefix) continue;
            sums.push_back(
                {at.space,
                 KvChange::Kind::kAdd,
                 std::string(run.Key(at)),
                 std::string(run.Value(at))}
            );
        }
        MutexLock lock(ingest_mutex_);
        Advance(sums);
        return true;
    }

    std::unique_ptr<KvIterator> Iterate(Space space) override {
        SeePublished();
        return IterateOver(*db_, {}, Family(space));
    }

    std::unique_ptr<KvSnapshot> Snapshot() override {
        SeePublished();
        return SnapshotOf(*db_, families_, false);
    }
    std::unique_ptr<KvSnapshot> View() override {
        SeePublished();
        return SnapshotOf(*db_, families_, true);
    }

    Result<bool> Backup(const std::string& directory) override {
        rocksdb::Checkpoint* made = nullptr;
        auto status = rocksdb::Checkpoint::Create(db_.get(), &made);
        std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
        // 0: flush first. A hard-linked log may miss a sync in this version (fixed in 9.4.0).
        if (status.ok()) status = checkpoint->CreateCheckpoint(directory, 0);
        if (!status.ok()) return Fail(RocksErrorOf(status));
        return MarkBackup(directory);
    }

    // After the open to be written: the mark goes on from what is there.
    Result<bool> BeginMark(const std::string& directory, const std::optional<HighWater>& before) {
        HighWater mark{.sequence = db_->GetLatestSequenceNumber(), .at = Time::Now()};
        mark.losses = static_cast<uint32_t>(ReadAcceptedLoss(*db_).times);
        if (before && before->sequence == mark.sequence) {
            mark.at = before->at;
            mark.conversions = before->conversions;
            mark.contacts = before->contacts;
        } else {
            Count(mark);
        }
        auto file = HighWaterFile::Open(directory, mark);
        if (!file) return Fail(file.error());
        high_water_ = std::move(*file);
        if (!filling_) watched_.logs->Begin(*db_, *high_water_);  // else no log holds anything
        return true;
    }

    Result<bool> Purge(Space space, std::span<const KeyRange> ranges) override {
        // All of them: a log file goes when no family needs it any more.
        auto status = db_->Flush({}, families_);
        rocksdb::CompactRangeOptions options;
        options.exclusive_manual_compaction = false;
        options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
        for (const auto& range : ranges) {
            const rocksdb::Slice from(range.from), to(range.to);
            if (status.ok()) status = db_->CompactRange(options, Family(space), &from, &to);
        }
        if (!status.ok()) return Fail(RocksErrorOf(status));
        return true;
    }

    // Records in the store itself the loss that the operator accepts. Indexes and rollups are built
    // anew, as other entries than documents may be lost.
    Result<bool> RecordLoss(uint64_t writes) {
        auto loss = ReadAcceptedLoss(*db_);
        loss = {.times = loss.times + 1, .writes = loss.writes + writes, .last = Time::Now()};
        const KvChange changes[] = {
            {Space::kDocuments, KvChange::Kind::kPut, std::string(kAcceptedLossKey), loss.Bytes()},
            {Space::kDocuments, KvChange::Kind::kDelete, std::string(kVersionKey), {}}};
        return Apply(changes);
    }

private:
    void SeePublished() const { (void)published_.load(std::memory_order_acquire); }
    rocksdb::ColumnFamilyHandle* Family(Space space) const {
        return families_[static_cast<size_t>(space)];
    }

    std::array<uint32_t, kSpaces> FamilyIds() const {
        std::array<uint32_t, kSpaces> ids;
        for (size_t i = 0; i < kSpaces; ++i) ids[i] = families_[i]->GetID();
        return ids;
    }

    void Count(HighWater& mark) const {
        auto* indexes = Family(Space::kIndexes);
        const auto count = [&](Collection collection) {
            return CountByRollups(*db_, indexes, static_cast<char>(collection));
        };
        mark.conversions = count(Collection::kConversions);
        mark.contacts = count(Collection::kContacts);
    }

    // The batch is durable: the mark follows it.
    void Advance(std::span<const KvChange> changes) {
        if (!high_water_) return;
        HighWater mark = high_water_->mark();
        bool recount = false;  // a repair sets sums instead of adding to them
        for (const auto& change : changes) {
            if (change.space != Space::kIndexes || change.key[0] != kRollupPrefix) continue;
            const auto sum = RollupValue::Parse(change.value);
            if (change.kind != KvChange::Kind::kAdd || !sum) {
                recount = true;
            } else if (change.key[1] == static_cast<char>(Collection::kConversions)) {
                mark.conversions += sum->count;
            } else {
                mark.contacts += sum->count;
            }
        }
        if (recount) Count(mark);
        mark.sequence = db_->GetLatestSequenceNumber();
        mark.at = Time::Now();
        high_water_->Advance(mark);
    }

    // One that fits it: a copy of it that lacks something is refused like any store.
    Result<bool> MarkBackup(const std::string& directory) {
        auto sight = LookAt(directory, db_->GetEnv(), OurOptions().wal_recovery_mode);
        if (!sight) return Fail(sight.error());
        HighWater mark{.sequence = sight->end, .at = Time::Now()};
        mark.losses = static_cast<uint32_t>(ReadAcceptedLoss(*db_).times);
        auto left = CountLeft(directory, db_->GetEnv(), OurOptions().wal_recovery_mode);
        if (!left) return Fail(left.error());
        mark.conversions = left->conversions;
        mark.contacts = left->contacts;
        auto file = HighWaterFile::Open(directory, mark);
        if (!file) return Fail(file.error());
        return true;
    }

    Watched watched_;  // outlives the database
    std::unique_ptr<rocksdb::DB> db_;
    Families families_;
    const bool filling_;
    // Batches written. RocksDB hands what is written to readers by atomics of its own, which the
    // thread sanitizer cannot see in a library that is not instrumented; this says the same again.
    std::atomic<uint64_t> published_ = 0;
    std::atomic<uint64_t> ingested_ = 0;         // runs
    Mutex ingest_mutex_;                         // one at a time advances the mark
    std::unique_ptr<HighWaterFile> high_water_;  // while it may be written
};

constexpr const char* kInUse = "in use by a running barracuda";

Error CannotOpen(const std::string& directory, std::string why) {
    // Not any "lock": a directory's name or "block checksum mismatch" hold it as well.
    if (why.find("lock hold by") != std::string::npos ||
        why.find("While lock file") != std::string::npos) {
        why = kInUse;
    }
    const auto code = why == kInUse ? ErrorCode::kConflict : ErrorCode::kUnavailable;
    return {code, "cannot open the store in " + directory + ": " + why, directory};
}

// By another process. (To close a file gives back every lock of this process on it.)
bool IsLocked(const std::string& directory) {
    const int fd = open((directory + "/LOCK").c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) return false;
    struct flock held {};
    held.l_type = F_WRLCK;
    held.l_whence = SEEK_SET;
    const bool locked = fcntl(fd, F_GETLK, &held) == 0 && held.l_type != F_UNLCK;
    close(fd);
    return locked;
}

// While it lives nobody else opens the store. RocksDB takes the same lock for itself, so it is
// given back just before an open.
class Lock {
public:
    static Result<std::unique_ptr<Lock>> Take(rocksdb::Env& env, const std::string& directory) {
        rocksdb::FileLock* taken = nullptr;
        auto status = env.LockFile(directory + "/LOCK", &taken);
        if (!status.ok()) return Fail(CannotOpen(directory, WordsOf(status)));
        return std::unique_ptr<Lock>(new Lock(env, taken));
    }
    ~Lock() { env_.UnlockFile(lock_); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

private:
    Lock(rocksdb::Env& env, rocksdb::FileLock* lock) : env_(env), lock_(lock) {}

    rocksdb::Env& env_;
    rocksdb::FileLock* lock_;
};

// Of one open, from the first look to the mark.
class Opening {
public:
    explicit Opening(const RocksOptions& options)
        : options_(options), env_(options.env ? options.env : rocksdb::Env::Default()) {}

    Result<std::unique_ptr<Kv>> Run() {
        auto found = Look();
        if (!found) return Fail(found.error());
        if (*found != Found::kStore && !options_.create_if_missing) {
            return Fail(CannotOpen(options_.directory, "it does not exist"));
        }
        if (options_.read_only) return OpenToRead();
        if (auto made = MakeDirectory(); !made) return Fail(made.error());
        auto lock = Lock::Take(*env_, options_.directory);
        if (!lock) return Fail(lock.error());
        found = Look();  // another one may have made it meanwhile
        if (!found) return Fail(found.error());
        if (auto ready = *found == Found::kStore ? CheckLoss() : Begin(); !ready) {
            return Fail(ready.error());
        }
        lock->reset();
        return Open(*found);
    }

private:
    Result<Found> Look() const {
        return LookAtStore(
            options_.directory,
            {.restoring = options_.restoring, .without_log = options_.accept_loss}
        );
    }

    Result<bool> MakeDirectory() {
        made_ = mkdir(options_.directory.c_str(), 0700) == 0;
        if (made_ || errno == EEXIST) return true;
        return Fail(FileError("cannot make " + options_.directory, errno));
    }

    Result<bool> Begin() { return BeginStore(options_.directory, kNewStore); }

    Result<bool> CheckLoss() {
        auto judged = JudgeLoss(options_.directory, env_, options_.accept_loss);
        if (!judged) return Fail(judged.error());
        before_ = judged->mark;
        accepting_ = judged->accepting;
        mode_ = judged->mode;
        return true;
    }

    Result<std::unique_ptr<Kv>> OpenToRead() {
        // Between a server's start and its control socket only the lock says that it is there, and
        // what moves under the look would seem to be missing.
        if (IsLocked(options_.directory)) return Fail(CannotOpen(options_.directory, kInUse));
        if (auto whole = CheckLoss(); !whole) return Fail(whole.error());
        auto db = OurOptions();
        db.max_open_files = options_.tables_open_max;
        db.env = env_;
        return OpenDatabase(db);
    }

    Result<std::unique_ptr<Kv>> Open(Found found) {
        auto db = OurOptions();
        db.wal_recovery_mode = mode_;
        db.max_open_files = options_.tables_open_max;
        db.create_if_missing = db.create_missing_column_families = found != Found::kStore;
        db.info_log = MakeInfoLog(options_.directory, kInfoLogBytesMax);
        Watched watched;
        watched.logs = std::make_shared<LogWatch>(env_->GetFileSystem(), options_.directory);
        watched.env = rocksdb::NewCompositeEnv(watched.logs);
        db.env = watched.env.get();
        auto kv = OpenDatabase(db, std::move(watched));
        if (!kv) {
            if (found != Found::kStore) TakeBack();
            return kv;
        }
        if (auto marked = Mark(static_cast<RocksKv&>(**kv), found); !marked) {
            return Fail(CannotOpen(options_.directory, marked.error().message));
        }
        return kv;
    }

    Result<std::unique_ptr<Kv>> OpenDatabase(const rocksdb::DBOptions& db, Watched watched = {}) {
        const auto descriptors = OurFamilies(options_.filling);
        const auto& directory = options_.directory;
        Families families;
        rocksdb::DB* opened = nullptr;
        const auto status =
            options_.read_only
                ? rocksdb::DB::OpenForReadOnly(db, directory, descriptors, &families, &opened)
                : rocksdb::DB::Open(db, directory, descriptors, &families, &opened);
        if (!status.ok()) return Fail(CannotOpen(directory, WordsOf(status)));
        return std::make_unique<RocksKv>(
            opened, std::move(families), std::move(watched), options_.filling
        );
    }

    // A store that could not be made leaves nothing behind; unless another one is making it.
    void TakeBack() {
        auto lock = Lock::Take(*env_, options_.directory);
        if (!lock || UnfinishedIn(options_.directory) != kNewStore) return;
        if (!RemoveStoreFiles(options_.directory) || !FinishStore(options_.directory)) return;
        if (made_) rmdir(options_.directory.c_str());
    }

    // RocksDB has made a log by now, and nothing is acknowledged yet.
    Result<bool> Mark(RocksKv& kv, Found found) {
        if (auto marked = MarkHasLog(options_.directory); !marked) return marked;
        if (accepting_ > 0) {
            if (auto recorded = kv.RecordLoss(accepting_); !recorded) return recorded;
        }
        if (auto begun = kv.BeginMark(options_.directory, before_); !begun) return begun;
        return found == Found::kStore ? true : FinishStore(options_.directory);
    }

    const RocksOptions& options_;
    rocksdb::Env* env_;
    bool made_ = false;  // the directory, by this open
    std::optional<HighWater> before_;
    uint64_t accepting_ = 0;
    rocksdb::WALRecoveryMode mode_ = OurOptions().wal_recovery_mode;
};

}  // namespace

Result<std::unique_ptr<Kv>> OpenRocks(const RocksOptions& options) {
    return Opening(options).Run();
}

}  // namespace barracuda::store
