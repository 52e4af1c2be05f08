#include "store/rocks/sight.h"

#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>

#include "store/index.h"
#include "store/kv_keys.h"
#include "store/rocks/rocks_options.h"

namespace barracuda::store {

namespace {

// Sees each record of the logs as they are replayed, and lets none of them in.
class LogReader final : public rocksdb::WalFilter {
public:
    WalProcessingOption
    LogRecordFound(unsigned long long log, const std::string&, const rocksdb::WriteBatch& batch, rocksdb::WriteBatch*, bool*)
        override {
        if (first_log_ == 0) first_log_ = log;
        // An empty one says where a recovery stopped; RocksDB's own.
        if (batch.Count() == 0) return WalProcessingOption::kIgnoreCurrentRecord;
        // A record begins with its sequence, little-endian (rocksdb/write_batch.h, "rep_").
        uint64_t begin = 0;
        std::memcpy(&begin, batch.Data().data(), sizeof begin);
        if (first_ == 0) {
            first_ = begin;
        } else if (begin > next_) {
            gaps_ += begin - next_;
        }
        next_ = std::max(next_, begin + batch.Count());
        return WalProcessingOption::kIgnoreCurrentRecord;
    }
    const char* Name() const override { return "barracuda.LogReader"; }

    void
    ColumnFamilyLogNumberMap(const std::map<uint32_t, uint64_t>& logs, const std::map<std::string, uint32_t>&)
        override {
        needed_log_ = UINT64_MAX;
        for (const auto& [family, log] : logs) needed_log_ = std::min(needed_log_, log);
    }

    // A family that holds nothing may say an old number for ever: the manifest's own is not older
    // than any log that is still to be read.
    Sight After(uint64_t tables, uint64_t manifest_log) const {
        Sight sight{
            .end = tables,
            .first_log = first_log_,
            .needed_log = std::max(needed_log_, manifest_log)};
        if (first_ == 0) return sight;
        sight.end = std::max(tables, next_ - 1);
        sight.front = first_ > tables + 1 ? first_ - tables - 1 : 0;
        sight.gaps = gaps_;
        sight.first = first_;
        return sight;
    }

private:
    uint64_t first_ = 0, first_log_ = 0, next_ = 0, gaps_ = 0, needed_log_ = 0;
};

// Open to be read, and closed again.
struct Reading {
    std::unique_ptr<rocksdb::DB> db;
    Families families;

    ~Reading() {
        for (auto* family : families) db->DestroyColumnFamilyHandle(family);
    }
};

Result<bool> OpenReading(
    const std::string& directory, rocksdb::DBOptions options, rocksdb::Env* env, Reading& to
) {
    constexpr int kFilesMax = 16;  // fewer than RocksDB would open beforehand
    options.max_open_files = kFilesMax;
    options.skip_stats_update_on_db_open = true;
    if (env) options.env = env;
    rocksdb::DB* opened = nullptr;
    auto status =
        rocksdb::DB::OpenForReadOnly(options, directory, OurFamilies(), &to.families, &opened);
    if (!status.ok()) return Fail(RocksErrorOf(status));
    to.db.reset(opened);
    return true;
}

rocksdb::DBOptions OptionsFor(rocksdb::WALRecoveryMode mode) {
    auto options = OurOptions();
    options.wal_recovery_mode = mode;
    return options;
}

std::optional<Time> NewestConversion(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* indexes) {
    const std::string prefix(1, static_cast<char>(IndexId::kConversionCreated));
    std::unique_ptr<rocksdb::Iterator> it(db.NewIterator({}, indexes));
    it->SeekForPrev(prefix + "\xff");
    if (!it->Valid() || !it->key().starts_with(prefix)) return std::nullopt;
    return DateIn(it->key().ToStringView(), prefix.size());
}

}  // namespace

Result<Sight> LookAt(
    const std::string& directory, rocksdb::Env* env, rocksdb::WALRecoveryMode mode
) {
    LogReader reader;
    auto options = OptionsFor(mode);
    options.wal_filter = &reader;
    Reading reading;
    if (auto opened = OpenReading(directory, options, env, reading); !opened) {
        return Fail(opened.error());
    }
    // With no record let in, RocksDB's own sequence is where the tables end.
    uint64_t manifest_log = 0;
    reading.db->GetIntProperty(rocksdb::DB::Properties::kMinLogNumberToKeep, &manifest_log);
    return reader.After(reading.db->GetLatestSequenceNumber(), manifest_log);
}

Result<Left> CountLeft(
    const std::string& directory, rocksdb::Env* env, rocksdb::WALRecoveryMode mode
) {
    Reading reading;
    if (auto opened = OpenReading(directory, OptionsFor(mode), env, reading); !opened) {
        return Fail(opened.error());
    }
    auto* indexes = reading.families[static_cast<size_t>(Space::kIndexes)];
    return Left{
        CountByRollups(*reading.db, indexes, static_cast<char>(Collection::kConversions)),
        CountByRollups(*reading.db, indexes, static_cast<char>(Collection::kContacts)),
        NewestConversion(*reading.db, indexes),
        ReadAcceptedLoss(*reading.db)};
}

int64_t CountByRollups(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* indexes, char collection) {
    const std::string prefix{kRollupPrefix, collection};
    int64_t count = 0;
    std::unique_ptr<rocksdb::Iterator> it(db.NewIterator({}, indexes));
    for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix); it->Next()) {
        if (auto sum = RollupValue::Parse(it->value().ToStringView())) count += sum->count;
    }
    return count;
}

AcceptedLoss ReadAcceptedLoss(rocksdb::DB& db) {
    std::string bytes;
    if (!db.Get({}, std::string(kAcceptedLossKey), &bytes).ok()) return {};
    return AcceptedLoss::Parse(bytes).value_or(AcceptedLoss{});
}

}  // namespace barracuda::store
