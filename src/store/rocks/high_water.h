// The high-water mark, DATA/HIGH_WATER: how far the store had come, beside it. A store that opens
// below its mark has lost what was acknowledged, and is not served (rocks_kv.cc). The mark never
// says more than is durable: it is written after the synced batch. Bytes: docs/formats/rocksdb.md.
//
// It survives the process exactly, as the kernel has it; after a power cut it may be about a second
// old, which lets no sound store be refused. A mark that is absent, damaged or old says less or
// nothing, never more.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/result.h"
#include "base/thread_safety.h"
#include "base/time.h"

namespace barracuda::store {

struct HighWater {
    uint64_t sequence = 0;  // RocksDB's, of the last durable write
    Time at = {};           // when that was
    int64_t conversions = 0, contacts = 0;
    uint32_t losses = 0;     // accepted until now: a mark of before one is out of date
    uint64_t accepting = 0;  // writes being accepted as lost; 0: none
    // Writes from this sequence on are in the logs, the first of them in the log of this number:
    // one that is gone while later ones are there may leave no other trace. 0: not known.
    uint64_t logged_from = 0, first_log = 0;

    bool operator==(const HighWater&) const = default;
};

// The mark in `directory`; nullopt: there is none that can be read.
std::optional<HighWater> ReadHighWater(const std::string& directory);

// The mark names no log any more, durably: they are about to go. Only while nobody has it open.
Result<bool> ForgetLogs(const std::string& directory);

// Threads: Advance from one thread at a time; a thread of its own makes the newest mark
// durable once a second while there are new ones.
class HighWaterFile {
public:
    // Makes the file where there is none; durable when it returns.
    static Result<std::unique_ptr<HighWaterFile>> Open(
        const std::string& directory, const HighWater& mark
    );
    ~HighWaterFile();  // durable
    HighWaterFile(const HighWaterFile&) = delete;
    HighWaterFile& operator=(const HighWaterFile&) = delete;

    HighWater mark() const;
    // One write of 128 bytes into the kernel, about a microsecond. A mark that cannot be written is
    // left as it was: older, so that it says less. The logs it names stay.
    void Advance(const HighWater& to);
    // Sets these two, from any thread. Once it has succeeded it is durable, and the log that they
    // no longer name may go.
    Result<bool> NameLogs(uint64_t logged_from, uint64_t first_log);

private:
    HighWaterFile(int fd, const HighWater& mark) : fd_(fd), mark_(mark) {}
    bool Write() REQUIRES(mutex_);
    void SyncNowAndThen();

    const int fd_;
    mutable Mutex mutex_;
    Condition changed_;
    HighWater mark_ GUARDED_BY(mutex_);
    uint64_t number_ GUARDED_BY(mutex_) = 0;  // of the last record
    bool dirty_ GUARDED_BY(mutex_) = false, stopping_ GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

}  // namespace barracuda::store
