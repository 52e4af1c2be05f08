// Whether a store has become smaller since its high-water mark: the one judgement before every
// open.
//
// Threads: one, which it blocks; nobody has the store open.
#pragma once

#include <rocksdb/options.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "store/rocks/high_water.h"

namespace barracuda::store {

struct Judged {
    std::optional<HighWater> mark;  // as it was found
    uint64_t accepting = 0;         // writes to be recorded as lost after the open
    rocksdb::WALRecoveryMode mode;  // to open with
};

// Fails with one line: how many writes are missing, of how many conversions, since when, what to
// do; and with RocksDB's words where it cannot be opened at all. With `accept` it goes on with what
// is left, also where a log is damaged before its end; what is accepted is in the mark when it
// returns, so that a crash on the way does not forget it. Without, nothing is changed.
Result<Judged> JudgeLoss(const std::string& directory, rocksdb::Env* env, bool accept);

}  // namespace barracuda::store
