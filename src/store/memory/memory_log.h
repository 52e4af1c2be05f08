// The logs in memory, for tests and for a server whose own log database cannot be opened.
//
// Threads: as LogStore's (log.h).
#pragma once

#include <deque>
#include <map>

#include "base/thread_safety.h"
#include "store/log.h"

namespace barracuda::store {

class MemoryLog final : public LogStore {
public:
    explicit MemoryLog(std::map<LogId, LogBounds> bounds) : bounds_(std::move(bounds)) {}

    Result<bool> Append(LogId log, std::span<const LogEntry> entries) override;
    Result<LogPage> Read(const LogRequest& request) override;
    Result<bool> Trim(LogId log, Time now) override;
    LogStats stats(LogId log) const override;
    Result<bool> Erase(LogId log, const std::string& field, std::span<const std::string> values)
        override;

private:
    struct Kept {
        uint64_t number;
        LogEntry entry;
    };
    struct Log {
        std::deque<Kept> kept;
        uint64_t next = 1;
        uint64_t bytes = 0;
    };

    const std::map<LogId, LogBounds> bounds_;
    mutable Mutex mutex_;
    std::map<LogId, Log> logs_ GUARDED_BY(mutex_);
};

}  // namespace barracuda::store
