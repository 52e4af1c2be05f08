// The logs in memory, for tests and for a server whose own log database cannot be opened.
#pragma once

#include <deque>
#include <map>
#include <mutex>

#include "store/log.h"

namespace barracuda::store {

class MemoryLog final : public LogStore {
public:
    explicit MemoryLog(std::map<LogId, LogBounds> bounds) : bounds_(std::move(bounds)) {}

    Result<bool> Append(LogId log, std::span<const LogEntry> entries) override;
    Result<LogPage> Read(const LogRequest& request) override;
    Result<bool> Trim(LogId log, Time now) override;
    LogStats stats(LogId log) const override;

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
    mutable std::mutex mutex_;
    std::map<LogId, Log> logs_;
};

}  // namespace barracuda::store
