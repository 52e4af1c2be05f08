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

void Log(Level level, std::string_view message, LogFields fields) {
    static const bool json = isatty(STDERR_FILENO) == 0;
    std::string line = LogLine(json, Time::Now().Iso(), level, message, fields);
    // A log that cannot be written is no reason to stop.
    [[maybe_unused]] ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace barracuda::app
