#include "app/log.h"

#include <unistd.h>

#include <boost/json.hpp>

#include "base/text.h"
#include "base/time.h"

namespace barracuda::app {

namespace {

constexpr std::string_view kNames[] = {"info", "warning", "error"};

std::string Quoted(std::string_view text) {
    if (!IsUtf8(text)) return boost::json::serialize(boost::json::string(HexOf(text)));
    return boost::json::serialize(boost::json::string(text));
}

}  // namespace

std::string LogLine(
    bool json, std::string_view time, Level level, std::string_view message, LogFields fields
) {
    std::string_view name = kNames[static_cast<size_t>(level)];
    std::string line;
    if (json) {
        line.append("{\"time\":").append(Quoted(time));
        line.append(",\"level\":").append(Quoted(name));
        line.append(",\"message\":").append(Quoted(message));
        for (const auto& [key, value] : fields) {
            line.append(",").append(Quoted(key)).append(":").append(Quoted(value));
        }
        return line + "}\n";
    }
    line.append(time.substr(11, 8)).append(" ").append(name).append(": ").append(message);
    for (const auto& [key, value] : fields) {
        line.append(" ").append(key).append("=").append(HasControl(value) ? Quoted(value) : value);
    }
    return line + "\n";
}

bool LogsJson() {
    static const bool json = isatty(STDERR_FILENO) == 0;
    return json;
}

void WriteLog(std::string_view lines) {
    while (!lines.empty()) {
        ssize_t written = write(STDERR_FILENO, lines.data(), lines.size());
        if (written <= 0) return;
        lines.remove_prefix(static_cast<size_t>(written));
    }
}

void Log(Level level, std::string_view message, LogFields fields) {
    WriteLog(LogLine(LogsJson(), Time::Now().Iso(), level, message, fields));
}

}  // namespace barracuda::app
