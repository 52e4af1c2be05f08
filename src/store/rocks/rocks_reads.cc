#include "store/rocks/rocks_reads.h"

#include <rocksdb/db.h>

namespace barracuda::store {

namespace {

rocksdb::Slice SliceOf(std::string_view text) { return {text.data(), text.size()}; }

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
        if (!it_->status().ok()) return Fail(RocksErrorOf(it_->status()));
        return true;
    }

private:
    std::unique_ptr<rocksdb::Iterator> it_;
};

}  // namespace

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
            return Fail(RocksErrorOf(statuses[i]));
        }
    }
    return values;
}

std::unique_ptr<KvIterator> IterateOver(
    rocksdb::DB& db, const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family
) {
    return std::make_unique<RocksIterator>(
        std::unique_ptr<rocksdb::Iterator>(db.NewIterator(options, family))
    );
}

namespace {

class RocksSnapshot final : public KvSnapshot {
public:
    RocksSnapshot(rocksdb::DB& db, const Families& families, bool keeps)
        : db_(db), families_(families) {
        options_.snapshot = db_.GetSnapshot();
        options_.fill_cache = keeps;
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
        return IterateOver(db_, options_, families_[static_cast<size_t>(space)]);
    }

private:
    rocksdb::DB& db_;
    const Families& families_;
    rocksdb::ReadOptions options_;
};

}  // namespace

std::unique_ptr<KvSnapshot> SnapshotOf(rocksdb::DB& db, const Families& families, bool keeps) {
    return std::make_unique<RocksSnapshot>(db, families, keeps);
}

}  // namespace barracuda::store
