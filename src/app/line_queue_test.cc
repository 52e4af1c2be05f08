#include "app/line_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <mutex>
#include <thread>

#include "app/request_log.h"

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

class LineQueueTest : public testing::Test {
protected:
    LineQueue::Write Slow() {
        return [this](std::string_view text) {
            opened_.wait();  // a reader that hangs
            std::lock_guard lock(mutex_);
            seen_ += text;
        };
    }
    static std::string Lost(uint64_t count) { return "lost " + std::to_string(count) + "\n"; }
    std::string Seen() {
        std::lock_guard lock(mutex_);
        return seen_;
    }

    std::promise<void> open_;
    std::shared_future<void> opened_ = open_.get_future().share();
    std::mutex mutex_;
    std::string seen_;
};

TEST_F(LineQueueTest, NobodyWaitsForTheReaderAndWhatIsLostIsCounted) {
    const std::string line(99, 'r');
    size_t put = 0;
    LineQueue queue(Slow(), Lost);
    for (; put < 3 * LineQueue::kRequestBytesMax / 100; ++put) {
        queue.Put(line + "\n", LineQueue::kRequestBytesMax);
    }
    const uint64_t dropped = queue.dropped();
    EXPECT_GT(dropped, put / 4) << "one queue full waits, and at most as much is with the writer";
    queue.Put("event\n", LineQueue::kEventBytesMax);
    EXPECT_EQ(queue.dropped(), dropped) << "requests leave room for what else there is to say";
    EXPECT_FALSE(queue.Flush(std::chrono::milliseconds(10)));
    open_.set_value();
    ASSERT_TRUE(queue.Flush(std::chrono::seconds(5)));
    const std::string seen = Seen();
    EXPECT_NE(seen.find("event\n"), std::string::npos);
    uint64_t told = 0;
    for (size_t at = 0; (at = seen.find("lost ", at)) != std::string::npos; at += 5) {
        told += std::stoul(seen.substr(at + 5));
    }
    EXPECT_EQ(told, dropped);
    EXPECT_EQ(static_cast<size_t>(std::count(seen.begin(), seen.end(), 'r')), (put - dropped) * 99);
}

TEST_F(LineQueueTest, EndsThoughTheReaderHangs) {
    const auto begin = std::chrono::steady_clock::now();
    {
        LineQueue queue(Slow(), Lost);
        queue.Put("x\n", LineQueue::kEventBytesMax);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
    open_.set_value();
    while (Seen().empty()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

}  // namespace
}  // namespace barracuda::app
