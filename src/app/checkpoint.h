// A checkpoint: the store as it stands at one moment, in a directory of its own in the data
// directory. Its tables are hard links, so that it takes moments and no room; whoever has it copies
// at leisure, and the server is asked for nothing more. It goes with its owner. What an owner that
// was killed leaves, the next one and every start of a server remove.
//
//     auto checkpoint = Checkpoint::Take(config);
//     MakeBackup({.checkpoint = (*checkpoint)->directory(), …});
//
// Threads: one. Errors: as Perform's, exit code 1 as kUnavailable.
#pragma once

#include <memory>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "config/config.h"

namespace barracuda::app {

// A directory in the data directory, DATA/backup.PROCESS, removed at the end, or by RemoveLeft
// where its process was killed: it holds persons.
class WorkDirectory {
public:
    static Result<std::unique_ptr<WorkDirectory>> Make(const std::string& data);
    ~WorkDirectory();
    WorkDirectory(const WorkDirectory&) = delete;
    WorkDirectory& operator=(const WorkDirectory&) = delete;

    const std::string& path() const { return path_; }
    // Those that nobody holds any more. -> how many.
    static size_t RemoveLeft(const std::string& data);

private:
    WorkDirectory(std::string path, File lock) : path_(std::move(path)), lock_(std::move(lock)) {}

    const std::string path_;
    const File lock_;
};

class Checkpoint {
public:
    static Result<std::unique_ptr<Checkpoint>> Take(const config::Config& config);
    // In a work directory that there is already; an earlier one in it goes first.
    static Result<std::string> TakeIn(const config::Config& config, const WorkDirectory& work);

    const std::string& directory() const { return directory_; }

private:
    Checkpoint(std::unique_ptr<WorkDirectory> work, std::string directory)
        : work_(std::move(work)), directory_(std::move(directory)) {}

    const std::unique_ptr<WorkDirectory> work_;
    const std::string directory_;
};

}  // namespace barracuda::app
