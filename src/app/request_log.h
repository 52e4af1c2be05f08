// The request log (`[log] requests = true`): a line a request on stderr, JSON where stderr is no
// terminal.
//
//     {"time":"2026-01-31T23:59:59.123Z","level":"info","message":"request","route":"/api/ftd",
//      "method":"POST","path":"/api/ftd","status":200,"duration_us":812,"client":"203.0.113.9",
//      "bytes":187}
//
// Threads: Add from any thread; it never waits for the disk or whoever reads stderr. Lines wait in
// a buffer of kWaitingBytesMax for a thread of its own; what does not fit is counted and lost, and
// the next line that fits says how many. Destruction writes what waits.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "api/request_record.h"

namespace barracuda::app {

class RequestLog {
public:
    static constexpr std::size_t kWaitingBytesMax = 1 << 20;

    // `write` gets whole lines; it may block.
    RequestLog(bool json, std::function<void(std::string_view lines)> write);
    ~RequestLog();
    RequestLog(const RequestLog&) = delete;
    RequestLog& operator=(const RequestLog&) = delete;

    void Add(const api::RequestRecord& record);

private:
    void Run();

    const bool json_;
    const std::function<void(std::string_view)> write_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::string waiting_;
    size_t lost_ = 0;
    bool stopping_ = false;
    std::thread thread_;
};

// The line of one request, for tests: `time` as ISO 8601.
std::string RequestLine(bool json, std::string_view time, const api::RequestRecord& record);

}  // namespace barracuda::app
