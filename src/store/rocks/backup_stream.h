// A backup as a stream: a tar of its files, then its list (backup_list.h) as the last one. Whoever
// reads it knows by the list that it is whole, and every tar can look into it. Bytes:
// docs/formats/backup.md.
//
// Threads: one, which it blocks. Errors: kUnavailable for disks and pipes; kInvalid for a stream
// that is cut off, damaged or something else.
#pragma once

#include <string>

#include "base/result.h"
#include "store/rocks/backup.h"

namespace barracuda::store {

// The files of a checkpoint. -> the list that it ended with.
Result<BackupList> WriteBackupStream(
    int fd,
    const std::string& checkpoint,
    const std::string& store,
    Time made,
    const TellProgress& progress
);

// Into a directory that exists and holds none of its files; synced when it returns. Nothing of what
// it wrote counts when it fails.
Result<BackupList> ReadBackupStream(
    int fd, const std::string& to, const std::function<void(uint64_t bytes)>& progress
);

}  // namespace barracuda::store
