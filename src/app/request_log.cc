#include "app/request_log.h"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace barracuda::app {

std::string RequestLine(bool json, std::string_view time, const api::RequestRecord& record) {
    if (json) {
        boost::json::object line{
            {"time", time},
            {"level", "info"},
            {"message", "request"},
            {"route", record.route},
            {"method", record.method},
            {"path", record.path},
            {"status", record.status},
            {"duration_us", record.duration_us},
            {"client", record.client},
            {"bytes", record.bytes}};
        return boost::json::serialize(line) + "\n";
    }
    return fmt::format(
        "{} info: {} {} {} {} us {} {} bytes\n",
        time.substr(11, 8),
        record.method,
        record.path,
        record.status,
        record.duration_us,
        record.client,
        record.bytes
    );
}

}  // namespace barracuda::app
