#include "app/log.h"

#include <unistd.h>

#include <atomic>
#include <boost/json.hpp>
#include <cerrno>

#include "app/line_queue.h"
#include "base/text.h"
#include "base/time.h"

namespace barracuda::app {

namespace {

constexpr std::string_view kNames[] = {"info", "warning", "error"};

// Text of others may not be UTF-8: it is shown as hexadecimal digits then.
std::string Utf8Of(std::string_view text) { return IsUtf8(text) ? std::string(text) : HexOf(text); }

// Never deleted: a thread that outlives the server's end may still say something.
std::atomic<LineQueue*> lines = nullptr;

void WriteStderr(std::string_view text) {
    while (!text.empty()) {
        ssize_t written = write(STDERR_FILENO, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        text.remove_prefix(static_cast<size_t>(written));
    }
}

void Write(std::string_view line, size_t bytes_max) {
    if (auto* queue = lines.load()) return queue->Put(line, bytes_max);
    WriteStderr(line);
}

}  // namespace

std::string LogLine(
    bool json, std::string_view time, Level level, std::string_view message, LogFields fields
) {
    std::string_view name = kNames[static_cast<size_t>(level)];
    if (json) {
        boost::json::object object{{"time", time}, {"level", name}, {"message", Utf8Of(message)}};
        for (const auto& [key, value] : fields) object[key] = Utf8Of(value);
        return boost::json::serialize(object) + "\n";
    }
    std::string line;
    line.append(time.substr(11, 8)).append(" ").append(name).append(": ").append(message);
    for (const auto& [key, value] : fields) {
        const bool quoted = HasControl(value);
        line.append(" ").append(key).append("=");
        if (!quoted) {
            line.append(value);
        } else {  // JSON escapes no control character above ASCII
            line.append(OneLine(boost::json::serialize(boost::json::string(Utf8Of(value)))));
        }
    }
    return line + "\n";
}

bool LogsJson() {
    static const bool json = isatty(STDERR_FILENO) == 0;
    return json;
}

void WriteLog(std::string_view line) { Write(line, LineQueue::kRequestBytesMax); }

void StartLogThread() {
    lines = new LineQueue(WriteStderr, [](uint64_t count) {
        return LogLine(
            LogsJson(),
            Time::Now().Iso(),
            Level::kWarning,
            "lines not logged",
            {{"count", std::to_string(count)}}
        );
    });
}

void FlushLog() {
    if (auto* queue = lines.load()) (void)queue->Flush(LineQueue::kPatience);
}

uint64_t LogLinesDropped() {
    const auto* queue = lines.load();
    return queue ? queue->dropped() : 0;
}

void Log(Level level, std::string_view message, LogFields fields) {
    Write(
        LogLine(LogsJson(), Time::Now().Iso(), level, message, fields), LineQueue::kEventBytesMax
    );
}

}  // namespace barracuda::app
