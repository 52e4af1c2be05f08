// Logs: one line an event on stderr; JSON objects where stderr is no terminal, plain text on one.
//
//     Log(Level::kInfo, "listening", {{"address", address}});
//
// Threads: any. A command writes its lines at once; in a server, after StartLogThread, they wait in
// a queue for a thread (line_queue.h), so that nobody waits for whoever reads stderr. Never hand it
// a secret, an e-mail or a request's query.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace barracuda::app {

enum class Level { kInfo, kWarning, kError };
using LogFields = std::initializer_list<std::pair<std::string_view, std::string>>;

// One event. Never fails: a line that nobody takes is dropped and counted.
void Log(Level level, std::string_view message, LogFields fields = {});
using LogSink = std::function<void(Level, std::string_view, LogFields)>;  // Log, or a test's

// Whether lines are JSON: stderr is no terminal.
bool LogsJson();

// A whole line of the request log, as it is. A log that cannot be written is no reason to stop.
void WriteLog(std::string_view line);

// Once, when no signal may reach a new thread any more (stop_signals.h).
void StartLogThread();
void FlushLog();             // waits up to 0.3 s for what was logged before
uint64_t LogLinesDropped();  // that stderr did not take

// The line without its write, for tests: `time` as ISO 8601.
std::string LogLine(
    bool json, std::string_view time, Level level, std::string_view message, LogFields fields
);

}  // namespace barracuda::app
