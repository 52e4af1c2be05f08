#include "store/rocks/rocks_kv.h"

#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <tuple>

#include "store/rocks/rocks_info_log.h"

namespace barracuda::store {

namespace {

constexpr std::array<const char*, 4> kFamilies = {"default", "indexes", "work", "log"};
constexpr size_t kInfoLogBytesMax = 8 << 20;
constexpr size_t kWorkBufferBytes = 4 << 20;
constexpr size_t kDeletionWindow = 1'024, kDeletionsMax = 256;  // of entries that follow each other

rocksdb::Slice SliceOf(std::string_view text) { return {text.data(), text.size()}; }

class RollupAdd final : public rocksdb::AssociativeMergeOperator {
public:
    bool
    Merge(const rocksdb::Slice&, const rocksdb::Slice* existing, const rocksdb::Slice& value, std::string* result, rocksdb::Logger*)
        const override {
        auto sum = RollupValue::Parse({value.data(), value.size()});
        if (!sum) return false;
        if (existing) {
            // A damaged sum counts for nothing until verify --repair has counted anew; failing here
            // would end all writes at the next compaction.
            auto base = RollupValue::Parse({existing->data(), existing->size()});
            if (base) sum->Add(*base);
        }
        *result = sum->Bytes();
        return true;
    }
    const char* Name() const override { return "barracuda.RollupAdd"; }
};

Error ErrorOf(const rocksdb::Status& status) {
    return Error{ErrorCode::kUnavailable, "RocksDB: " + status.ToString(), {}};
}

class RocksIterator final : public KvIterator {
public:
    explicit RocksIterator(std::unique_ptr<rocksdb::Iterator> it) : it_(std::move(it)) {}
    void Seek(std::string_view key) override { it_->Seek(SliceOf(key)); }
    void SeekForPrev(std::string_view key) override { it_->SeekForPrev(SliceOf(key)); }
    bool Valid() const override { return it_->Valid(); }
    void Next() override { it_->Next(); }
    void Prev() override { it_->Prev(); }
    std::string_view Key() const override { return {it_->key().data(), it_->key().size()}; }
    std::string_view Value() const override { return {it_->value().data(), it_->value().size()}; }
    Result<bool> Status() const override {
        if (!it_->status().ok()) return Fail(ErrorOf(it_->status()));
        return true;
    }

private:
    std::unique_ptr<rocksdb::Iterator> it_;
};

using Families = std::vector<rocksdb::ColumnFamilyHandle*>;

Result<std::vector<std::optional<std::string>>> ReadMany(
    rocksdb::DB& db,
    const rocksdb::ReadOptions& options,
    rocksdb::ColumnFamilyHandle* family,
    std::span<const std::string> keys
) {
    std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
    std::vector<rocksdb::PinnableSlice> found(keys.size());
    std::vector<rocksdb::Status> statuses(keys.size());
    db.MultiGet(options, family, slices.size(), slices.data(), found.data(), statuses.data());
    std::vector<std::optional<std::string>> values(keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
        if (statuses[i].ok()) {
            values[i].emplace(found[i].data(), found[i].size());
        } else if (!statuses[i].IsNotFound()) {
            return Fail(ErrorOf(statuses[i]));
        }
    }
    return values;
}

class RocksSnapshot final : public KvSnapshot {
public:
    RocksSnapshot(rocksdb::DB& db, const Families& families) : db_(db), families_(families) {
        options_.snapshot = db_.GetSnapshot();
        options_.fill_cache = false;
    }
    ~RocksSnapshot() override { db_.ReleaseSnapshot(options_.snapshot); }
    RocksSnapshot(const RocksSnapshot&) = delete;
    RocksSnapshot& operator=(const RocksSnapshot&) = delete;

    Result<std::vector<std::optional<std::string>>> MultiGet(
        Space space, std::span<const std::string> keys
    ) override {
        return ReadMany(db_, options_, families_[static_cast<size_t>(space)], keys);
    }
    std::unique_ptr<KvIterator> Iterate(Space space) override {
        std::unique_ptr<rocksdb::Iterator> it(
            db_.NewIterator(options_, families_[static_cast<size_t>(space)])
        );
        return std::make_unique<RocksIterator>(std::move(it));
    }

private:
    rocksdb::DB& db_;
    const Families& families_;
    rocksdb::ReadOptions options_;
};

class RocksKv final : public Kv {
public:
    RocksKv(rocksdb::DB* db, Families families) : db_(db), families_(std::move(families)) {}

    ~RocksKv() override {
        for (auto* family : families_) db_->DestroyColumnFamilyHandle(family);
        db_->Close();
    }

    Result<std::vector<std::optional<std::string>>> MultiGet(
        Space space, std::span<const std::string> keys
    ) override {
        return ReadMany(*db_, {}, Family(space), keys);
    }

    Result<bool> Apply(std::span<const KvChange> changes) override {
        // In the order of the keys: the memtable's skip list remembers where it inserted last, so
        // neighbours cost few comparisons (docs/performance.md).
        std::vector<const KvChange*> sorted;
        sorted.reserve(changes.size());
        size_t bytes = 64;
        for (const auto& change : changes) {
            sorted.push_back(&change);
            bytes += change.key.size() + change.value.size() + 16;
        }
        std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
            return std::tie(a->space, a->key) < std::tie(b->space, b->key);
        });
        rocksdb::WriteBatch batch(bytes);
        for (const auto* at : sorted) {
            const KvChange& change = *at;
            auto* family = Family(change.space);
            rocksdb::Status status;
            switch (change.kind) {
                case KvChange::Kind::kPut:
                    status = batch.Put(family, change.key, change.value);
                    break;
                case KvChange::Kind::kDelete:
                    status = batch.Delete(family, change.key);
                    break;
                case KvChange::Kind::kAdd:
                    status = batch.Merge(family, change.key, change.value);
                    break;
            }
            if (!status.ok()) return Fail(ErrorOf(status));
        }
        rocksdb::WriteOptions options;
        options.sync = true;
        auto status = db_->Write(options, &batch);
        if (!status.ok()) return Fail(ErrorOf(status));
        return true;
    }

    std::unique_ptr<KvIterator> Iterate(Space space) override {
        std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}, Family(space)));
        return std::make_unique<RocksIterator>(std::move(it));
    }

    std::unique_ptr<KvSnapshot> Snapshot() override {
        return std::make_unique<RocksSnapshot>(*db_, families_);
    }

    Result<bool> Backup(const std::string& directory) override {
        rocksdb::Checkpoint* made = nullptr;
        auto status = rocksdb::Checkpoint::Create(db_.get(), &made);
        std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
        // 0: flush first. A hard-linked log may miss a sync in this version (fixed in 9.4.0).
        if (status.ok()) status = checkpoint->CreateCheckpoint(directory, 0);
        if (!status.ok()) return Fail(ErrorOf(status));
        return true;
    }

private:
    rocksdb::ColumnFamilyHandle* Family(Space space) const {
        return families_[static_cast<size_t>(space)];
    }

    std::unique_ptr<rocksdb::DB> db_;
    Families families_;
};

rocksdb::ColumnFamilyOptions FamilyOptions(std::string_view name) {
    rocksdb::ColumnFamilyOptions options;
    options.write_buffer_size = 32 << 20;
    options.max_write_buffer_number = 4;
    options.level_compaction_dynamic_level_bytes = true;
    rocksdb::BlockBasedTableOptions table;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10, false));
    table.optimize_filters_for_memory = true;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    if (name == kFamilies[0]) {
        // Nearly every key the ledger asks for is new: the filter answers without the skip list.
        options.memtable_whole_key_filtering = true;
        options.memtable_prefix_bloom_size_ratio = 0.02;
    }
    if (name == "work") {
        // A queue: nearly everything in it is deleted soon. What is written out goes through a
        // compaction at once where it is mostly tombstones, and a poll meets a few MB of them.
        options.write_buffer_size = kWorkBufferBytes;
        options.table_properties_collector_factories.push_back(
            rocksdb::NewCompactOnDeletionCollectorFactory(kDeletionWindow, kDeletionsMax)
        );
    }
    if (name == "indexes") options.merge_operator = std::make_shared<RollupAdd>();
    return options;
}

// RocksDB opens without its write-ahead log as if there had never been one, and what was
// acknowledged since the last flush is gone without a word. A store that was ever open to be
// written has a log, and this mark of ours says so; a backup, or a first open that was cut off, has
// neither.
constexpr const char* kMark = "/HAS_LOG";

bool LostItsLog(const std::string& directory) {
    namespace fs = std::filesystem;
    std::error_code ec;
    if (!fs::exists(directory + kMark, ec)) return false;
    for (const auto& entry : fs::directory_iterator(directory, ec)) {
        if (entry.path().extension() == ".log") return false;
    }
    return !ec;
}

// After the open: by then RocksDB has made a log.
rocksdb::Status Mark(rocksdb::Env& env, const std::string& directory) {
    if (env.FileExists(directory + kMark).ok()) return rocksdb::Status::OK();
    auto status = rocksdb::WriteStringToFile(&env, {}, directory + kMark, true);
    std::unique_ptr<rocksdb::Directory> made_in;
    if (status.ok()) status = env.NewDirectory(directory, &made_in);
    if (status.ok()) status = made_in->Fsync();
    return status;
}

rocksdb::Status OpenDatabase(
    const rocksdb::DBOptions& db, const RocksOptions& options, Families* families, rocksdb::DB** to
) {
    std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
    for (const char* name : kFamilies) descriptors.emplace_back(name, FamilyOptions(name));
    if (options.read_only) {
        return rocksdb::DB::OpenForReadOnly(db, options.directory, descriptors, families, to);
    }
    return rocksdb::DB::Open(db, options.directory, descriptors, families, to);
}

}  // namespace

Result<std::unique_ptr<Kv>> OpenRocks(const RocksOptions& options) {
    if (LostItsLog(options.directory)) {
        return Fail(
            ErrorCode::kUnavailable,
            "cannot open the store in " + options.directory +
                ": its *.log files are gone, and the newest conversions with them",
            options.directory
        );
    }
    rocksdb::DBOptions db;
    db.create_if_missing = options.create_if_missing;
    db.create_missing_column_families = true;
    // Acknowledged conversions must never be rolled back silently.
    db.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
    db.max_bgerror_resume_count = 0;  // no auto-resume: duplicate WAL entries (fixed in 9.6.0)
    db.max_total_wal_size = 96 << 20;
    db.max_background_jobs = 2;
    if (!options.read_only) db.info_log = MakeInfoLog(options.directory, kInfoLogBytesMax);
    if (options.env) db.env = options.env;
    Families families;
    rocksdb::DB* opened = nullptr;
    auto status = OpenDatabase(db, options, &families, &opened);
    std::unique_ptr<Kv> kv;
    if (status.ok()) {
        kv = std::make_unique<RocksKv>(opened, std::move(families));
        if (!options.read_only) status = Mark(*db.env, options.directory);
    }
    if (!status.ok()) {
        std::string text = status.ToString();
        // Not any "lock": a directory's name or "block checksum mismatch" hold it as well.
        if (text.find("lock hold by") != std::string::npos ||
            text.find("While lock file") != std::string::npos) {
            text = "in use by a running barracuda";
        }
        return Fail(
            ErrorCode::kUnavailable,
            "cannot open the store in " + options.directory + ": " + text,
            options.directory
        );
    }
    return kv;
}

}  // namespace barracuda::store
