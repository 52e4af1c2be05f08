// RocksDB 7.8 (Debian): plain DB, four column families, one synced WriteBatch a commit.
// Why these options: docs/decisions/rocksdb.md and the sources named there.
#pragma once

#include <memory>
#include <string>

#include "store/kv.h"

namespace rocksdb {
class Env;
}

namespace barracuda::store {

struct RocksOptions {
    std::string directory;
    bool create_if_missing = true;
    bool read_only = false;       // changes no file and takes no lock: as it stands now
    rocksdb::Env* env = nullptr;  // tests hand in one that lies; nullptr: the system's
};

// Errors: kUnavailable naming the directory (locked by a running server, unreadable, corrupt, its
// write-ahead log removed).
Result<std::unique_ptr<Kv>> OpenRocks(const RocksOptions& options);

}  // namespace barracuda::store
