// RocksDB 7.8 (Debian): plain DB, four column families, one synced WriteBatch a commit.
// Why these options: docs/decisions/rocksdb.md and the sources named there.
//
// Threads: opening from one at a time; the store it gives as kv.h says.
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
    bool create_if_missing = true;  // never where a file of a store lies
    bool read_only = false;         // changes no file; not where this process has it open
    bool accept_loss = false;       // goes on with what is left, and records what is not
    // A store is being made of what is at hand already: no write is logged, and tables are put in
    // order after the next open. A crash leaves what has to be made again.
    bool filling = false;
    bool restoring = false;       // its files are there, and UNFINISHED still says otherwise
    int tables_open_max = -1;     // descriptors for its tables; -1: as many as there are
    rocksdb::Env* env = nullptr;  // tests hand in one that lies; nullptr: the system's
};

// Errors, naming the directory: kConflict where a running server holds its lock, else kUnavailable
// (unreadable, corrupt, lacking a file, unfinished, or smaller than it was: high_water.h). A
// refused open changes nothing, so that the next one is refused as well.
Result<std::unique_ptr<Kv>> OpenRocks(const RocksOptions& options);

}  // namespace barracuda::store
