// `restore`: a backup into a data directory that holds no store. From a directory that backup made,
// from a place of several (the newest one, or the one for a time, and the log since), or from a
// stream. Until its last file is durable a mark says that the directory is no store; what broke off
// starts over. In the end the store is opened and checked.
//
// Threads: one, which it blocks. Never with a server. Progress goes to stderr.
#pragma once

#include <optional>
#include <string>

#include "app/ask.h"
#include "base/time.h"
#include "config/config.h"

namespace barracuda::app {

struct RestoreWish {
    std::string from;           // a directory, or "-": stdin
    std::optional<Time> until;  // nothing that was written later
};

Result<Answer> Restore(const config::Config& config, const RestoreWish& wish);

}  // namespace barracuda::app
