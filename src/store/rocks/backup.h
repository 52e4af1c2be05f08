// One backup: the files of a checkpoint of a store, copied into a directory of their own with a
// list of their hashes (backup_list.h). The directory is a store: open it like any. Tables that an
// earlier backup in the same place has already are that backup's, by a hard link, so that only what
// is new is written; each backup is whole all the same, and removing one harms no other.
//
// Threads: one, which it blocks for as long as the files take to be read. Errors: kUnavailable for
// disks, kInvalid for a backup that is damaged.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "store/rocks/backup_list.h"

namespace barracuda::store {

struct BackupProgress {
    uint64_t bytes = 0, of = 0;
};
using TellProgress = std::function<void(const BackupProgress&)>;

struct BackupOptions {
    std::string checkpoint;  // what the store made; nobody writes to it
    std::string to;          // a directory that does not exist yet
    std::string previous{};  // an earlier backup on the same file system; empty: none
    std::string store{};     // whose tables the list names (StoreName)
    Time made{};
    TellProgress progress{};
};

struct MadeBackup {
    BackupList list;
    uint64_t copied = 0;  // bytes; the others are shared with the previous one
};

// Everything is durable, and was read back and compared, when it returns. What it made of a backup
// that failed it takes away again.
Result<MadeBackup> MakeBackup(const BackupOptions& options);

// What a list will say, without a copy: for a stream. Hashes are empty.
Result<BackupList> ListCheckpoint(
    const std::string& checkpoint, const std::string& store, Time made
);

// What is wrong with a backup, as readable lines: files that are missing, too many, or not what
// they were, and what RocksDB says of its tables and manifest. Changes nothing in it.
Result<std::vector<std::string>> CheckBackup(
    const std::string& directory, const TellProgress& progress
);

// RocksDB's name of the store in a directory; empty: none.
std::string StoreName(const std::string& directory);

}  // namespace barracuda::store
