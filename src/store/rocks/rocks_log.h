// The logs in a RocksDB of their own, apart from the ledger's: its own files, write queue and
// errors. Writes are not synced; what the process had handed to the system survives its end.
// docs/formats/logs.md describes the bytes.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/thread_safety.h"
#include "store/log.h"

namespace barracuda::store {

class LogDatabase;

class RocksLog final : public LogStore {
public:
    // Makes the directory when it is not there. A database that is damaged is thrown away and made
    // anew (`lost` says why): a log must not keep a server from starting. Errors: kUnavailable (in
    // use, no room).
    static Result<std::unique_ptr<RocksLog>> Open(
        const std::string& directory, std::map<LogId, LogBounds> bounds
    );
    ~RocksLog() override;

    const std::string& lost() const { return lost_; }  // empty: nothing

    Result<bool> Append(LogId log, std::span<const LogEntry> entries) override;
    Result<LogPage> Read(const LogRequest& request) override;
    Result<bool> Trim(LogId log, Time now) override;
    LogStats stats(LogId log) const override;
    Result<bool> Erase(LogId log, const std::string& field, std::span<const std::string> values)
        override;

private:
    // Records lie in segments that are dropped whole, so that trimming costs nothing by record.
    struct Segment {
        uint64_t number = 0;
        uint64_t blocks = 0, records = 0, bytes = 0;
        int64_t first_ms = 0, last_ms = 0;

        std::string Bytes() const;
        static Segment Parse(uint64_t number, std::string_view bytes);
        void Count(const LogEntry& entry);
    };
    struct Place;
    class Reader;

    RocksLog(std::unique_ptr<LogDatabase> database, std::map<LogId, LogBounds> bounds);
    static Result<std::unique_ptr<RocksLog>> OpenWhole(
        const std::string& directory, const std::map<LogId, LogBounds>& bounds, bool& damaged
    );
    Result<bool> LoadSegments(LogId log) REQUIRES(mutex_);
    Segment Next(LogId log, Time at) const REQUIRES(mutex_);
    Result<bool> Drop(LogId log, uint64_t segment);
    Result<bool> Replace(
        LogId log, uint64_t segment, const std::string& key, std::string_view block
    );
    Result<bool> Compact(const std::string& low, const std::string& high);

    std::string lost_;
    const std::unique_ptr<LogDatabase> database_;
    const std::map<LogId, LogBounds> bounds_;
    mutable Mutex mutex_;
    std::map<LogId, std::vector<Segment>> segments_ GUARDED_BY(mutex_);  // oldest first
};

}  // namespace barracuda::store
