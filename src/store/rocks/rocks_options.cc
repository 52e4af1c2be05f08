#include "store/rocks/rocks_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include <string_view>

#include "store/kv_merge.h"

namespace barracuda::store {

namespace {

// Blocks of all families as they were read, unpacked. RocksDB's own default is 8 MiB a family, less
// than a list's count and its page look at.
constexpr size_t kCacheBytes = 64 << 20;
// While a store is filled: tables of a family before they are put in order. The next open does that
// beside its other work.
constexpr int kFillingTables = 24;
constexpr size_t kWorkBufferBytes = 4 << 20;
constexpr size_t kDeletionWindow = 1'024, kDeletionsMax = 256;  // of entries that follow each other

class RollupAdd final : public rocksdb::AssociativeMergeOperator {
public:
    bool
    Merge(const rocksdb::Slice& key, const rocksdb::Slice* existing, const rocksdb::Slice& value, std::string* result, rocksdb::Logger*)
        const override {
        const auto base =
            existing ? std::optional(existing->ToStringView()) : std::optional<std::string_view>();
        auto sum = Added(key.ToStringView(), base, value.ToStringView());
        if (!sum) return false;
        *result = std::move(*sum);
        return true;
    }
    const char* Name() const override { return "barracuda.RollupAdd"; }
};

rocksdb::ColumnFamilyOptions FamilyOptions(
    std::string_view name, bool filling, const std::shared_ptr<rocksdb::Cache>& cache
) {
    rocksdb::ColumnFamilyOptions options;
    options.write_buffer_size = 32 << 20;
    options.max_write_buffer_number = 4;
    options.level_compaction_dynamic_level_bytes = true;
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache;
    if (name == "default") {  // nobody looks for one key in the others
        table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10, false));
        table.optimize_filters_for_memory = true;
    }
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    if (filling) {
        options.compression = rocksdb::kNoCompression;  // until the tables are put in order
        options.level0_file_num_compaction_trigger = kFillingTables;
        options.level0_slowdown_writes_trigger = 2 * kFillingTables;
        options.level0_stop_writes_trigger = 3 * kFillingTables;
    }
    if (name == "default") {
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
    if (name == "indexes") {
        options.merge_operator = std::make_shared<RollupAdd>();
    }
    return options;
}

}  // namespace

std::vector<rocksdb::ColumnFamilyDescriptor> OurFamilies(bool filling) {
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    const auto cache = rocksdb::NewLRUCache(kCacheBytes);
    for (const char* name : {"default", "indexes", "work", "log"}) {
        families.emplace_back(name, FamilyOptions(name, filling, cache));
    }
    return families;
}

rocksdb::DBOptions OurOptions() {
    rocksdb::DBOptions db;
    // Acknowledged conversions must never be rolled back silently.
    db.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
    db.max_bgerror_resume_count = 0;  // no auto-resume: duplicate WAL entries (fixed in 9.6.0)
    db.max_total_wal_size = 96 << 20;
    db.max_background_jobs = 2;
    return db;
}

std::string WordsOf(const rocksdb::Status& status) {
    std::string words = status.ToString();
    for (char& c : words) {
        if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    }
    words.erase(words.find_last_not_of(' ') + 1);
    return words;
}

Error RocksErrorOf(const rocksdb::Status& status) {
    return Error{ErrorCode::kUnavailable, "RocksDB: " + WordsOf(status), {}};
}

}  // namespace barracuda::store
