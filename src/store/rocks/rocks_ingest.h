// Takes the entries of a run into a database that is being filled: a table a family, written in
// the order of the keys and linked into the database as it is. No log, no memtable, no flush.
//
// Threads: any number at a time. Errors: kUnavailable; also for a run with a key twice.
#pragma once

#include <string>

#include "base/result.h"
#include "store/kv_run.h"
#include "store/rocks/rocks_options.h"

namespace rocksdb {
class DB;
}

namespace barracuda::store {

// `place`: a path, on the database's file system, that no other call uses at the time; files of
// names that begin with it are there until it returns.
Result<bool> IngestRun(
    rocksdb::DB& db, const Families& families, const std::string& place, const KvRun& run
);

}  // namespace barracuda::store
