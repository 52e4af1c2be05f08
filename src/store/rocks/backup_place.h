// A place that keeps several backups, each a directory named by its time (20260131T235959.123Z),
// beside it the log since (NAME.log, followed_log.h) where there is one. A file BACKUPS says that
// the directory is such a place, and is the lock of whoever changes it; what is being made or
// removed has another name, so that a run that was killed leaves nothing that counts.
//
//     auto place = BackupPlace::Take(directory);            // kConflict: another run works on it
//     const std::string name = (*place)->NewName(Time::Now());
//     MakeBackup({.to = (*place)->Making(name), …});
//     (*place)->Finish(name); (*place)->Keep(7);
//
// Threads: one. Errors: kInvalid for a directory that is something else, kUnavailable for the
// disk's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/time.h"
#include "store/rocks/backup_list.h"

namespace barracuda::store {

struct KeptBackup {
    std::string name, path;
    Time made;
    std::string log;  // the directory of the log since; empty: none
};

// Whether a directory is such a place.
bool IsBackupPlace(const std::string& directory);
// Its backups, oldest first. Who only reads needs no lock: what is listed is whole.
Result<std::vector<KeptBackup>> BackupsIn(const std::string& directory);

class BackupPlace {
public:
    // Makes the directory where there is none, and takes an empty one. Removes what earlier runs
    // left unfinished.
    static Result<std::unique_ptr<BackupPlace>> Take(const std::string& directory);

    // Later than that of any backup that is there, whatever the clock says.
    Result<std::string> NewName(Time now) const;
    std::string PathOf(const std::string& name) const { return directory_ + "/" + name; }
    std::string Making(const std::string& name) const { return PathOf(name) + ".making"; }
    std::string LogOf(const std::string& name) const { return PathOf(name) + ".log"; }
    Result<bool> Finish(const std::string& name);
    // Removes the oldest ones beyond `count`, with their logs. -> how many.
    Result<size_t> Keep(size_t count);

private:
    BackupPlace(std::string directory, File lock)
        : directory_(std::move(directory)), lock_(std::move(lock)) {}
    Result<bool> RemoveUnfinished() const;
    Result<bool> Remove(const std::string& name) const;

    const std::string directory_;
    const File lock_;
};

}  // namespace barracuda::store
