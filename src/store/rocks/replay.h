// Brings the files of a backup forward by the log since (followed_log.h), up to a time.
//
// Threads: one, which it blocks; nobody else has the store open, and it is no store yet
// (UNFINISHED). Errors: as ReadFollowedLog's; kInvalid where the log does not go on from the store.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace barracuda::store {

struct Replayed {
    uint64_t batches = 0, writes = 0;
    Time last;  // of the last batch that was taken; 0: none was
    Time reached;
};

// Every batch that was written at or before `until`; nullopt: all of them. kInvalid: `until` is
// later than the log knows of.
Result<Replayed> Replay(
    const std::string& directory, const std::string& log, std::optional<Time> until
);

}  // namespace barracuda::store
