// The log since a backup: every batch that the store took after it, in order, each with its time.
// A directory NAME.log beside the backup, of numbered segments; each record carries a hash over all
// before it, so that a missing segment, a changed byte or another order shows. HIGH_WATER in it
// says how far it reaches: what is cut off its end shows too. Bytes: docs/formats/backup.md.
//
//     auto log = FollowedLogWriter::Begin(directory, sequence, now);
//     (*log)->Append(batch, at); (*log)->Sync(now);
//     ReadFollowedLog(directory, [](const FollowedBatch& one) { … });
//
// Threads: one (and high_water.h's). Errors: kUnavailable for the disk's, kInvalid naming the
// segment for a log that is damaged, cut off or lacks one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "base/time.h"
#include "store/rocks/high_water.h"

namespace barracuda::store {

struct FollowedBatch {
    uint64_t sequence = 0;  // of its first write
    uint32_t count = 0;
    Time at;                 // when it was written; never earlier than the one before
    std::string_view bytes;  // RocksDB's WriteBatch
};

class FollowedLogWriter {
public:
    // A new one, behind the write `sequence`, which the backup holds. A segment has about as many
    // bytes.
    static Result<std::unique_ptr<FollowedLogWriter>> Begin(
        const std::string& directory, uint64_t sequence, Time at, uint64_t segment_bytes = 64 << 20
    );

    uint64_t sequence() const { return sequence_; }  // of the last write that it holds
    // A batch that begins right behind it. It counts when Sync has returned.
    Result<bool> Append(std::string_view batch, Time at);
    // Durable; the store took nothing more until `reached`. Where nothing came the mark follows
    // only once a second, unless it is to at once.
    Result<bool> Sync(Time reached, bool at_once = false);

private:
    FollowedLogWriter(std::string directory, uint64_t sequence, Time at, uint64_t segment_bytes)
        : directory_(std::move(directory)),
          segment_bytes_(segment_bytes),
          sequence_(sequence),
          at_(at),
          reached_(at) {}
    Result<bool> NewSegment();

    const std::string directory_;
    const uint64_t segment_bytes_;
    uint64_t sequence_;
    Time at_, reached_;  // of the last batch; up to which it is known
    File segment_;
    uint64_t number_ = 0, bytes_ = 0;
    std::string chain_;  // the hash over all records so far
    bool dirty_ = false;
    std::unique_ptr<HighWaterFile> mark_;
};

struct FollowedLogEnd {
    uint64_t sequence = 0;  // of the last write
    Time at;                // of the last batch
    Time reached;           // up to this time the store took nothing else
};

// Every batch, in order; one that fails ends it. A batch at the very end that was never said to be
// kept (a kill in the middle of writing it) is left out.
Result<FollowedLogEnd> ReadFollowedLog(
    const std::string& directory, const std::function<Result<bool>(const FollowedBatch&)>& take
);

// Up to which time it is known, without reading it through.
Result<Time> ReachOf(const std::string& directory);

}  // namespace barracuda::store
