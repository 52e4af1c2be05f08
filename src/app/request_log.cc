#include "app/request_log.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "app/log.h"
#include "base/thread_name.h"
#include "base/time.h"

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

RequestLog::RequestLog(bool json, std::function<void(std::string_view)> write)
    : json_(json), write_(std::move(write)), thread_([this] { Run(); }) {}

RequestLog::~RequestLog() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void RequestLog::Add(const api::RequestRecord& record) {
    const std::string time = Time::Now().Iso();
    std::string line = RequestLine(json_, time, record);
    {
        std::lock_guard lock(mutex_);
        if (waiting_.size() + line.size() > kWaitingBytesMax) {
            ++lost_;
            return;
        }
        if (lost_ > 0) {
            waiting_ += LogLine(
                json_,
                time,
                Level::kWarning,
                "requests not logged",
                {{"count", std::to_string(std::exchange(lost_, 0))}}
            );
        }
        waiting_ += line;
    }
    wake_.notify_one();
}

void RequestLog::Run() {
    NameThread("requests");
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        std::string lines = std::exchange(waiting_, {});
        lock.unlock();
        write_(lines);
        lock.lock();
    }
}

}  // namespace barracuda::app
