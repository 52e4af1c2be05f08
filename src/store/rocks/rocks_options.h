// How our RocksDB is opened, stated once: for the store itself and for a look at it before.
// Why these options: docs/decisions/rocksdb.md.
//
// Threads: any; nothing is kept.
#pragma once

#include <rocksdb/db.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace barracuda::store {

using Families = std::vector<rocksdb::ColumnFamilyHandle*>;

// The four column families, in the order of Space. `filling`: rocks_kv.h.
std::vector<rocksdb::ColumnFamilyDescriptor> OurFamilies(bool filling = false);

// Without create_if_missing, info_log and env.
rocksdb::DBOptions OurOptions(bool filling = false);

// Its words in one line: RocksDB ends some of them with one of their own.
std::string WordsOf(const rocksdb::Status& status);
Error RocksErrorOf(const rocksdb::Status& status);

}  // namespace barracuda::store
