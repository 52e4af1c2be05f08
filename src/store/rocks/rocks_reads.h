// How a RocksDB database is read through the interfaces of kv.h. The database, and the families of
// a snapshot, outlive what is made of them; threads as kv.h says.
#pragma once

#include <rocksdb/options.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "store/kv.h"
#include "store/rocks/rocks_options.h"

namespace rocksdb {
class DB;
class ColumnFamilyHandle;
}  // namespace rocksdb

namespace barracuda::store {

// In the order of the keys; nullopt: there is none. Errors: kUnavailable.
Result<std::vector<std::optional<std::string>>> ReadMany(
    rocksdb::DB& db,
    const rocksdb::ReadOptions& options,
    rocksdb::ColumnFamilyHandle* family,
    std::span<const std::string> keys
);

std::unique_ptr<KvIterator> IterateOver(
    rocksdb::DB& db, const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family
);

// `keeps`: what it reads goes into the block cache.
std::unique_ptr<KvSnapshot> SnapshotOf(rocksdb::DB& db, const Families& families, bool keeps);

}  // namespace barracuda::store
