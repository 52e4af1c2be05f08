// Logs: one line an event on stderr; JSON objects where stderr is no terminal, plain text on one.
//
//     Log(Level::kInfo, "listening", {{"address", address}});
//
// Threads: any; a line is one write(2). Never hand it a secret, an e-mail or a request's query.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace barracuda::app {

enum class Level { kInfo, kWarning, kError };
using LogFields = std::initializer_list<std::pair<std::string_view, std::string>>;

void Log(Level level, std::string_view message, LogFields fields = {});
using LogSink = std::function<void(Level, std::string_view, LogFields)>;  // Log, or a test's

// Whether lines are JSON: stderr is no terminal.
bool LogsJson();

// Whole lines, as they are. A log that cannot be written is no reason to stop.
void WriteLog(std::string_view lines);

// The line without its write, for tests: `time` as ISO 8601.
std::string LogLine(
    bool json, std::string_view time, Level level, std::string_view message, LogFields fields
);

}  // namespace barracuda::app
