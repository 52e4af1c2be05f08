// The commands over backups: taking one (a directory, one of several in a place, a stream), listing
// and checking a place's. The store gives a checkpoint (checkpoint.h), and all that takes time is
// done here, in the command's own process.
//
// Threads: one, blocked for as long as the files take. What they say goes into the answer; progress
// goes to stderr, a line a second.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "app/ask.h"
#include "config/config.h"
#include "store/rocks/backup.h"

namespace barracuda::app {

struct BackupWish {
    std::string to;              // a directory, or "-": stdout
    std::optional<size_t> keep;  // of a place of several: how many stay
    bool follow = false;         // until a signal comes (follow.h)
};

Result<Answer> TakeBackup(const config::Config& config, const BackupWish& wish);
Result<Answer> ListBackups(const std::string& place);
// Of a place, or of one backup. Exit code 1: something is wrong.
Result<Answer> VerifyBackups(const std::string& directory);

// "12.3 MB".
std::string SizeText(uint64_t bytes);

// Says how far it is on stderr, a line a second, none in the first.
class BytesProgress {
public:
    explicit BytesProgress(std::string what) : what_(std::move(what)) {}
    void operator()(const store::BackupProgress& now);

private:
    std::string what_;
    std::chrono::steady_clock::time_point next_ =
        std::chrono::steady_clock::now() + std::chrono::seconds(1);
};

}  // namespace barracuda::app
