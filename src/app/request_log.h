// The request log (`[log] requests = true`): a line a request on stderr, JSON where stderr is no
// terminal.
//
//     {"time":"2026-01-31T23:59:59.123Z","level":"info","message":"request","route":"/api/ftd",
//      "method":"POST","path":"/api/ftd","status":200,"duration_us":812,"client":"203.0.113.9",
//      "bytes":187}
//
// Threads: any; nothing is kept.
#pragma once

#include <string>
#include <string_view>

#include "api/request_record.h"

namespace barracuda::app {

// The line of one request, ready for WriteLog. `time` as ISO 8601.
std::string RequestLine(bool json, std::string_view time, const api::RequestRecord& record);

}  // namespace barracuda::app
