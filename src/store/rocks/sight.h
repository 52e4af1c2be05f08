// A look at a store before it is opened to be written, since that open changes it: RocksDB replays
// its write-ahead logs, writes tables from them and deletes the logs, so that a second open would
// find nothing missing. A look changes no file.
//
// Threads: one, which it blocks; nobody has the store open to write.
#pragma once

#include <rocksdb/options.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "store/accepted_loss.h"

namespace barracuda::store {

struct Sight {
    uint64_t end = 0;         // the sequence of the last write that is there
    uint64_t front = 0;       // writes missing between the tables and the logs
    uint64_t gaps = 0;        // and between two logs
    uint64_t first = 0;       // the sequence of the first write in the logs; 0: none
    uint64_t first_log = 0;   // the number of the first log that is read and not empty; 0: none
    uint64_t needed_log = 0;  // what older logs than this one held is in tables
};

// Reads the manifest and the logs, no table and no key: 100 MB of logs take about 0.1 s.
// Errors: kUnavailable with RocksDB's words; what it refuses, an open would refuse.
Result<Sight> LookAt(
    const std::string& directory, rocksdb::Env* env, rocksdb::WALRecoveryMode mode
);

// The documents left, for the message about missing ones: counted only where some are missing.
struct Left {
    int64_t conversions = 0, contacts = 0;
    std::optional<Time> newest;  // of the conversions
    AcceptedLoss accepted;
};
Result<Left> CountLeft(
    const std::string& directory, rocksdb::Env* env, rocksdb::WALRecoveryMode mode
);

// Of one collection, by the rollups.
int64_t CountByRollups(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* indexes, char collection);
AcceptedLoss ReadAcceptedLoss(rocksdb::DB& db);

}  // namespace barracuda::store
