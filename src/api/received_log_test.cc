#include "api/received_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/log_json.h"
#include "domain/bson.h"

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
    received.refusal = R"({"success":false,"message":"click_id: is required","more":"hidden"})";
    auto entry = EncodeReceived(received);
    EXPECT_EQ(domain::TopText(entry.bson, "reason"), "click_id: is required");
    EXPECT_THAT(entry.bson, Not(HasSubstr("hidden")));
    EXPECT_FALSE(domain::TopText(entry.bson, "verdict")) << "nothing was decided";
    received.refusal = "<html>";
    EXPECT_FALSE(domain::TopText(EncodeReceived(received).bson, "reason"));
}

}  // namespace
}  // namespace barracuda::api
