// Reads a RocksDB write-ahead log while it is being written: the batches that stand in it whole.
// RocksDB itself reads one only when it opens a store. The bytes are those of db/log_format.h:
// blocks of 32 KiB; records of checksum, length and type, a batch in one or in several of them.
//
//     WalReader reader(File(open("000012.log", O_RDONLY)));
//     while (auto batch = reader.Next(); batch && *batch) …   // nullopt: nothing more by now
//
// Threads: one. Errors: kUnavailable when it cannot be read; kInvalid where the bytes are no
// records. A torn end reads as nothing more, or as kInvalid: of a log that is still written ask
// again, of one that another follows its end is what a crash left.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "base/time.h"

namespace barracuda::store {

class WalReader {
public:
    explicit WalReader(File file) : file_(std::move(file)) {}

    // The next batch, as RocksDB's WriteBatch takes it.
    Result<std::optional<std::string>> Next();
    // In the file, where the last batch that it gave ends.
    uint64_t offset() const { return offset_; }

private:
    enum class Found { kBatch, kMore, kDamaged };
    Found Parse(std::string& batch, size_t& used) const;
    Result<bool> ReadOn();
    void Forget();

    File file_;
    uint64_t offset_ = 0;  // in the file, of the first byte that is not taken
    std::string pending_;
    size_t taken_ = 0;  // of its bytes, by batches that were given
};

// Whether a whole record with which a batch begins stands in these bytes of a log, which are from
// `offset` on; what stands at their begin does not count.
bool BeginsABatch(std::string_view bytes, uint64_t offset);

// What a batch says of itself.
struct BatchHead {
    uint64_t sequence = 0;  // of its first write
    uint32_t count = 0;     // of its writes; 0: RocksDB's own, where a recovery stopped
};
std::optional<BatchHead> HeadOf(std::string_view batch);

// The wall clock of a batch stands in it, in the log alone: RocksDB keeps such a note out of the
// tables. So a copy of the log can be replayed up to a time.
std::string StampOf(Time at);
std::optional<Time> StampIn(const std::string& batch);  // nullopt: written before 0.4

}  // namespace barracuda::store
