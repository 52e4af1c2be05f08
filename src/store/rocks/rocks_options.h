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

// The database's options, without create_if_missing, info_log and env.
rocksdb::DBOptions OurOptions();

// RocksDB's words in one line: some of them end with a line's end of their own.
std::string WordsOf(const rocksdb::Status& status);
Error RocksErrorOf(const rocksdb::Status& status);

}  // namespace barracuda::store
