// Append-only logs beside the store: what came in (`received`) and what was sent (`attempts`).
//
// They are for people who look for a reason, not part of the ledger: lossy by design, bounded by
// size and age, never synced, and in RocksDB a database of their own, so that no failure here can
// make the ledger refuse writes. docs/formats/logs.md has the records and the bytes.
//
//     logs.Append(LogId::kReceived, entries);
//     auto page = logs.Read({.log = LogId::kReceived, .where = {{"verdict", "duplicate"}}});
//
// Threads: every method from any thread; Append is meant for one writer a log (log_writer.h).
// Errors: kUnavailable when the records cannot be read or written; kInvalid for a bad cursor.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace barracuda::store {

enum class LogId : uint8_t { kReceived = 1, kAttempts = 2 };
inline constexpr LogId kLogIds[] = {LogId::kReceived, LogId::kAttempts};
const char* NameOf(LogId log);  // a MongoDB collection's name, a metric's label

struct LogBounds {
    size_t bytes_max = 0;                  // of the records' BSON; 0: the log is off
    std::chrono::milliseconds age_max{0};  // older ones go, a sixteenth at a time
};

struct LogEntry {
    Time at;              // also in the document, as `at`
    std::string about{};  // what records are looked up by (a delivery id); empty: not by anything
    std::string bson{};   // one document
};

// A top-level field that must have this value; a number may also be held against a bound.
struct LogFilter {
    enum class Test { kIs, kAtLeast, kBelow };

    std::string field;
    std::variant<std::string, int64_t, bool> value;
    Test test = Test::kIs;
};

struct LogRequest {
    LogId log = LogId::kReceived;
    std::string about{};               // only these
    std::vector<LogFilter> where{};    // all of them
    std::optional<Time> from{}, to{};  // [from, to)
    std::string cursor{};              // opaque, from an earlier page; empty: from the newest
    size_t limit = 100;                // records in the page
    size_t scanned_max = 100'000;      // records looked at: a page may be short and go on
};

// Newest first, in the order of writing.
struct LogPage {
    std::vector<std::string> documents;
    std::vector<std::string> places;  // of each document a cursor whose page begins with it
    std::string cursor;               // empty: nothing follows
};

struct LogStats {
    uint64_t records = 0;
    uint64_t bytes = 0;
    std::optional<Time> oldest;
};

class LogStore {
public:
    virtual ~LogStore() = default;
    virtual Result<bool> Append(LogId log, std::span<const LogEntry> entries) = 0;
    virtual Result<LogPage> Read(const LogRequest& request) = 0;
    virtual Result<bool> Trim(LogId log, Time now) = 0;  // to the bounds given when opened
    virtual LogStats stats(LogId log) const = 0;
    // Takes out every record whose top-level text `field` is one of `values`, of the files too.
    // Reads the whole log; what is appended meanwhile may be passed over.
    virtual Result<bool> Erase(
        LogId log, const std::string& field, std::span<const std::string> values
    ) {
        (void)log, (void)field, (void)values;
        return true;
    }
};

// Whether a record passes a request's `where`, `from` and `to`; for engines without queries.
bool Passes(const LogRequest& request, std::string_view bson);
// Whether its top-level text `field` is one of `values`.
bool HoldsAny(std::string_view bson, const std::string& field, std::span<const std::string> values);

}  // namespace barracuda::store
