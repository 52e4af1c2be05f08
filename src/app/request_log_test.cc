#include "app/request_log.h"

#include <gtest/gtest.h>

#include <future>
#include <mutex>

namespace barracuda::app {
namespace {

api::RequestRecord Record() {
    api::RequestRecord record;
    record.route = record.path = "/api/ftd";
    record.method = "POST";
    record.client = "203.0.113.9";
    record.status = 200;
    record.duration_us = 812;
    record.bytes = 187;
    return record;
}

TEST(RequestLog, ALineARequest) {
    EXPECT_EQ(
        RequestLine(true, "2026-01-31T23:59:59.123Z", Record()),
        "{\"time\":\"2026-01-31T23:59:59.123Z\",\"level\":\"info\",\"message\":\"request\","
        "\"route\":\"/api/ftd\",\"method\":\"POST\",\"path\":\"/api/ftd\",\"status\":200,"
        "\"duration_us\":812,\"client\":\"203.0.113.9\",\"bytes\":187}\n"
    );
    EXPECT_EQ(
        RequestLine(false, "2026-01-31T23:59:59.123Z", Record()),
        "23:59:59 info: POST /api/ftd 200 812 us 203.0.113.9 187 bytes\n"
    );
}

TEST(RequestLog, NobodyWaitsForTheReaderAndWhatIsLostIsCounted) {
    std::promise<void> open;
    auto opened = open.get_future().share();
    std::mutex mutex;
    std::string seen;
    auto has = [&](std::string_view what) {
        std::lock_guard lock(mutex);
        return seen.find(what) != std::string::npos;
    };
    size_t added = 0, lines = 0;
    {
        RequestLog log(true, [&, opened](std::string_view text) {
            opened.wait();  // a reader that hangs
            std::lock_guard lock(mutex);
            seen += text;
        });
        const size_t line = RequestLine(true, "2026-01-31T23:59:59.123Z", Record()).size();
        for (; added < 3 * RequestLog::kWaitingBytesMax / line; ++added) log.Add(Record());
        open.set_value();
        for (; !has("requests not logged"); ++added) {
            log.Add(Record());
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
    const size_t at = seen.find("\"count\":\"");
    ASSERT_NE(at, std::string::npos);
    const size_t lost = std::stoul(seen.substr(at + 9));
    for (size_t i = 0; (i = seen.find("\"message\":\"request\"", i)) != std::string::npos; ++i) {
        ++lines;
    }
    EXPECT_GT(lost, 0u);
    EXPECT_EQ(lines + lost, added);
}

}  // namespace
}  // namespace barracuda::app
