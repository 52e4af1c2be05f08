// The body of a job over many conversions: what it means, and what is refused by which name.
#include "api/job_input.h"

#include <gtest/gtest.h>

namespace barracuda::api {
namespace {

using delivery::Bulk;
using delivery::JobAction;

http::Request Posted(std::string body) {
    http::Request request;
    request.method = "POST";
    request.target = "/";
    request.body = std::move(body);
    return request;
}

std::string Refusal(const std::string& body, bool dry = false) {
    auto asked = ReadBulkAsked(Posted(body), dry);
    return asked ? "" : asked.error().message;
}

const std::string kId = "0123456789abcdef01234567";

std::string Ids(size_t count) {
    std::string ids;
    for (size_t i = 0; i < count; ++i) ids += (i == 0 ? "\"" : ",\"") + kId + "\"";
    return R"({"action":"approve","ids":[)" + ids + "]}";
}

TEST(BulkInput, AFilterIsReadAsTheListsParameters) {
    auto asked = ReadBulkAsked(
        Posted(R"({"action":"reject","reason":" fraud ","expect":3,"filter":{
            "status":"pending,approved","affiliate_id":7,"min_amount":0.10,"is_test":false,
            "to":"2026-01-31","offer_id":null}})"),
        false
    );
    ASSERT_TRUE(asked) << asked.error().message;
    EXPECT_EQ(asked->action, JobAction::kReject);
    EXPECT_EQ(asked->bulk.reason, "fraud");
    EXPECT_EQ(asked->expect, 3u);
    report::Filter filter;
    filter.statuses = {domain::Status::kPending, domain::Status::kApproved};
    filter.affiliates = {"7"};
    filter.least = Money::Parse("0.1").value();
    filter.test = false;
    filter.to = Time::ParseIso("2026-02-01T00:00:00Z");
    EXPECT_EQ(asked->bulk.filter, filter);
    EXPECT_TRUE(asked->bulk.ids.empty());
}

TEST(BulkInput, IdsStandOnce) {
    auto asked = ReadBulkAsked(Posted(Ids(3)), false);
    ASSERT_TRUE(asked);
    EXPECT_EQ(asked->bulk.ids, std::vector<std::string>{kId});
    EXPECT_FALSE(asked->expect);
    EXPECT_TRUE(ReadBulkAsked(Posted(Ids(Bulk::kIdsMax)), false));
    EXPECT_EQ(Refusal(Ids(Bulk::kIdsMax + 1)), "ids has more than 1000: say them by a filter");
}

TEST(BulkInput, OnlyCountingNeedsNeitherReasonNorCount) {
    const std::string reject = R"({"action":"reject","filter":{}})";
    EXPECT_EQ(Refusal(reject, true), "");
    EXPECT_EQ(Refusal(reject), "reason is required: it stays in the history");
    EXPECT_EQ(
        Refusal(R"({"action":"approve","filter":{}})"),
        "expect is required with a filter: how many are meant"
    );
}

TEST(BulkInput, WhatIsWrongIsNamed) {
    const std::pair<const char*, const char*> bodies[] = {
        {R"({"ids":["x"]})", "action must be approve, reject or resend"},
        {R"({"action":"undo","ids":["x"]})", "action must be approve, reject or resend"},
        {R"({"action":"approve"})", "ids or filter is required, and not both"},
        {R"({"action":"approve","ids":[]})", "ids must be a list of ids, at least one"},
        {R"({"action":"approve","ids":"x"})", "ids must be a list of ids, at least one"},
        {R"({"action":"approve","ids":["x"]})", "ids must be 24 hex digits each"},
        {R"({"action":"approve","ids":[7]})", "ids must be 24 hex digits each"},
        {R"({"action":"approve","expect":1,"filter":"status=pending"})",
         "filter must be an object"},
        {R"({"action":"approve","expect":1,"filter":{"status":"new"}})",
         "filter.status must be pending, approved or rejected"},
        {R"({"action":"approve","expect":1,"filter":{"page":2}})",
         "filter.page is no filter of this list"},
    };
    for (const auto& [body, refusal] : bodies) {
        EXPECT_TRUE(Refusal(body).starts_with(refusal)) << body << ": " << Refusal(body);
    }
    EXPECT_TRUE(Refusal(R"({"action":"approve","expect":1,"filter":{"status":["new"]}})")
                    .starts_with("filter.status"));
    EXPECT_TRUE(Refusal(R"({"action":"approve","ids":[],"dry_run":1})").starts_with("dry_run"));
    EXPECT_NE(Refusal("[]"), "");
    EXPECT_NE(Refusal(""), "");
}

}  // namespace
}  // namespace barracuda::api
