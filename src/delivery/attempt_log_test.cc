#include "delivery/attempt_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/bson.h"

namespace barracuda::delivery {
namespace {

using testing::HasSubstr;
using testing::Not;

AttemptRecord Record() {
    AttemptRecord record;
    record.delivery_id = "d1";
    record.key = {ClickId("c1"), GoalId("6"), "t1"};
    record.network = "default";
    record.kind = "goal_postback";
    record.number = 3;
    record.at = Time{1'700'000'000'000};
    record.retried = true;
    record.attempt.status = 503;
    record.attempt.error = "503";
    record.attempt.call.method = "GET";
    record.attempt.call.url =
        "https://net.example:8443/goal/6?click_id=c1&email=a%40b.example&name=Ann+Bee";
    record.attempt.call.address = "203.0.113.9:8443";
    record.attempt.call.response = R"({"error":"a@b.example is not known"})";
    return record;
}

std::string In(const store::LogEntry& entry, const char* name) {
    return domain::TopText(entry.bson, name).value_or("(absent)");
}

TEST(AttemptLog, HasWhatIsAskedFor) {
    auto entry = EncodeAttempt(Record());
    EXPECT_EQ(entry.about, "d1");
    EXPECT_EQ(entry.at, Time{1'700'000'000'000});
    EXPECT_EQ(In(entry, "delivery_id"), "d1");
    EXPECT_EQ(In(entry, "click_id"), "c1");
    EXPECT_EQ(In(entry, "occurrence"), "t1");
    EXPECT_EQ(In(entry, "network"), "default");
    EXPECT_EQ(In(entry, "number"), "3");
    EXPECT_EQ(In(entry, "outcome"), "retried");
    EXPECT_EQ(In(entry, "code"), "503");
    EXPECT_EQ(In(entry, "host"), "net.example");
    EXPECT_EQ(In(entry, "address"), "203.0.113.9:8443");
}

TEST(AttemptLog, SaysNothingOfPersons) {
    auto entry = EncodeAttempt(Record());
    EXPECT_EQ(In(entry, "url"), "https://net.example:8443/goal/6?click_id=c1&email=***&name=***");
    EXPECT_EQ(In(entry, "response"), R"({"error":"*** is not known"})");
    EXPECT_THAT(entry.bson, Not(HasSubstr("b.example")));
    EXPECT_THAT(entry.bson, Not(HasSubstr("Ann")));
}

TEST(AttemptLog, NorDoesAnAnswerThatRepeatsTheCall) {
    auto record = Record();
    record.attempt.error = "the network refused it: A@B.example";
    record.attempt.call.response =
        R"({"you":"/goal/6?email=a%40b.example&name=Ann%20Bee","who":"ANN BEE","x":"a\u0040b.example"})";
    auto entry = EncodeAttempt(record);
    EXPECT_EQ(In(entry, "error"), "the network refused it: ***");
    EXPECT_EQ(
        In(entry, "response"), R"({"you":"/goal/6?email=***&name=***","who":"***","x":"***"})"
    );
}

TEST(AttemptLog, ACallThatWasNeverMade) {
    auto record = Record();
    record.attempt.call = {};
    record.retried = false;
    auto entry = EncodeAttempt(record);
    EXPECT_EQ(In(entry, "outcome"), "dead");
    EXPECT_EQ(In(entry, "url"), "(absent)");
    EXPECT_EQ(In(entry, "response"), "(absent)");
}

}  // namespace
}  // namespace barracuda::delivery
