#include "api/received_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "api/log_json.h"
#include "api/request_record.h"
#include "domain/bson.h"
#include "store/memory/memory_log.h"

namespace barracuda::api {
namespace {

using testing::HasSubstr;
using testing::Not;

Received Report() {
    Received received;
    received.route = "ftd";
    received.at = Time{1'700'000'000'123};
    received.method = "POST";
    received.address = "203.0.113.9";
    received.status = 200;
    received.took_ms = 4;
    received.verdict = "duplicate";
    received.is_duplicate = true;
    received.key = {ClickId("c1"), GoalId("6"), ""};
    received.command = *ObjectId::Parse("65a000000000000000000002");
    received.by = "key:tracker";
    received.trace = {"stored already", "nothing changes"};
    received.conflicts = {{"amount", "10", "50"}, {"ip_address", "198.51.100.7", "198.51.100.8"}};
    return received;
}

TEST(ReceivedLog, ARecordAsTheApiShowsIt) {
    auto entry = EncodeReceived(Report());
    EXPECT_EQ(entry.at, Time{1'700'000'000'123});
    EXPECT_EQ(entry.about, "");
    EXPECT_EQ(
        BsonJson(entry.bson),
        R"({"at":"2023-11-14T22:13:20.123Z","route":"ftd","method":"POST",)"
        R"("address":"203.0.113.9","status":200,"took_ms":4,"verdict":"duplicate",)"
        R"("isDuplicate":true,"click_id":"c1","goal_id":"6",)"
        R"("command":"65a000000000000000000002","by":"key:tracker",)"
        R"("trace":["stored already","nothing changes"],"conflict":true,)"
        R"("conflicts":[{"field":"amount","stored":"10","given":"50"},{"field":"ip_address"}]})"
    ) << "of a visitor's address only that it differs";
}

TEST(ReceivedLog, ARefusalHasItsReasonAndNothingElseOfTheBody) {
    Received received;
    received.route = "postback";
    received.status = 400;
    received.reason = "click_id: is required";
    auto entry = EncodeReceived(received);
    EXPECT_EQ(domain::TopText(entry.bson, "reason"), "click_id: is required");
    EXPECT_FALSE(domain::TopText(entry.bson, "verdict")) << "nothing was decided";
    received.reason = "cut \xff";
    EXPECT_EQ(domain::TopText(EncodeReceived(received).bson, "reason"), "cut \xef\xbf\xbd");
}

TEST(ReceivedLog, StrangersCannotPushOutWhatOthersSent) {
    std::map<store::LogId, store::LogBounds> bounds{
        {store::LogId::kReceived, {.bytes_max = 1 << 20, .age_max = std::chrono::hours(1)}}};
    store::MemoryLog store(bounds);
    ReceivedLog log(
        store,
        store::LogId::kReceived,
        EncodeReceived,
        ShareOfStrangers(1 << 20, std::chrono::hours(1))
    );
    auto report = [] {
        Received now = Report();
        now.at = Time::Now();  // an old one is trimmed
        return now;
    };
    for (int i = 0; i < 100; ++i) log.Put(report());
    Received refused;
    refused.at = Time::Now();
    refused.route = "ftd";
    refused.status = 401;
    refused.stranger = true;
    refused.reason = std::string(400, 'r');
    for (int i = 0; i < 20'000; ++i) {
        log.Put(Received(refused));
        if (i % 1'000 == 0) log.Flush();
    }
    for (int i = 0; i < 100; ++i) log.Put(report());
    log.Flush();
    const auto counters = log.counters();
    EXPECT_EQ(counters.dropped, 0u);
    EXPECT_GT(counters.minor_dropped, 19'000u);
    EXPECT_GT(counters.written, 400u) << "a share is a share";
    store::LogRequest request{.log = store::LogId::kReceived, .where = {{"verdict", "duplicate"}}};
    request.limit = 1'000;
    EXPECT_EQ(store.Read(request)->documents.size(), 200u);
    refused.status = 200;  // what is taken is no refusal
    for (int i = 0; i < 100; ++i) log.Put(Received(refused));
    log.Flush();
    EXPECT_EQ(log.counters().written, counters.written + 100);
}

TEST(RequestRecord, APathThatIsNoRoutesIsSafeToWriteDown) {
    EXPECT_EQ(LoggablePath("/api/FTD"), "/api/FTD");
    EXPECT_EQ(LoggablePath("/api/ftd/"), "/api/ftd/");
    EXPECT_EQ(LoggablePath("//api/ftd"), "//api/ftd");
    EXPECT_EQ(LoggablePath("/a b\n\"%\xc3\xa9"), "/a%20b%0A%22%25%C3%A9");
    EXPECT_EQ(LoggablePath("/api/jane@example.com/x"), "/api/***/x");
    EXPECT_EQ(LoggablePath("/k/bk_" + std::string(43, 'k')), "/k/***");
    std::string deep;
    for (int i = 0; i < 100; ++i) deep += "/abc";
    EXPECT_LE(LoggablePath(deep).size(), 140u);
    EXPECT_TRUE(LoggablePath(deep).ends_with("..."));
}

}  // namespace
}  // namespace barracuda::api
