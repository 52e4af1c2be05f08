// Ids that the seed took with blanks and unseen characters at their ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adopt/plan.h"
#include "adopt/plan_fixture.h"

namespace barracuda::adopt {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr const char* kBlank = "\\u00a0\\ufeff \\u200b\\n";

AdoptRules Rules() {
    return {
        .goal_types = {{"5", domain::GoalType::kRegistration}, {"6", domain::GoalType::kDeposit}},
        .now = Time{1'800'000'000'000}};
}

std::string Conversion(int number, const std::string& click, const std::string& goal) {
    return Seed(
        number,
        R"("click_id":")" + click + R"(","goal_id":")" + goal +
            R"(","goal_type":"deposit","status":"pending","amount":)" + std::to_string(number)
    );
}

TEST(AdoptTrimmed, TheKeyIsWhatReportsName) {
    for (const std::string& click :
         {std::string("abc"), kBlank + std::string("abc"), "abc" + std::string(kBlank)}) {
        auto key = SeedKeyOf(SeedKind::kConversion, Conversion(1, click, "6 "), Rules());
        ASSERT_TRUE(key);
        EXPECT_EQ(key->click.value, "abc");
        EXPECT_EQ(key->goal.value, "6");
    }
    EXPECT_FALSE(SeedKeyOf(SeedKind::kConversion, Conversion(1, kBlank, "6"), Rules()));
    EXPECT_FALSE(SeedKeyOf(SeedKind::kConversion, Conversion(1, "a\\u200bb", "6"), Rules()));
    // History, whatever it meant.
    EXPECT_TRUE(SeedKeyOf(SeedKind::kConversion, Conversion(1, "undefined", "6"), Rules()));
    EXPECT_TRUE(SeedKeyOf(SeedKind::kConversion, Conversion(1, "{click_id}", "6"), Rules()));
}

TEST(AdoptTrimmed, WhatCollidesIsMerged) {
    auto padded = Conversion(1, "abc ", "6"), exact = Conversion(2, "abc", "6"),
         goal = Conversion(3, "abc", " 6");
    SeedGroup group{{ClickId("abc"), GoalId("6"), ""}, {padded, goal, exact}, {}, {}};
    auto plan = PlanKey(group, Rules());
    EXPECT_EQ(plan.before, exact);
    EXPECT_THAT(plan.merged, ElementsAre(padded, goal));
    EXPECT_EQ(plan.document->key.click.value, "abc");
}

TEST(AdoptTrimmed, OneAloneIsRewrittenOnce) {
    auto stored = Seed(
        1,
        R"("click_id":" abc","goal_id":"6","goal_type":"deposit","status":"pending","amount":1,)"
        R"("affiliate_id":"7\u200b","offer_id":" ","sub1":"s ")"
    );
    SeedGroup group{{ClickId("abc"), GoalId("6"), ""}, {stored}, {}, {}};
    auto plan = PlanKey(group, Rules());
    const std::string after = Applied(stored, plan.update);
    EXPECT_EQ(domain::TopText(after, "click_id"), "abc");
    EXPECT_EQ(domain::TopText(after, "affiliate_id"), "7");
    EXPECT_EQ(domain::TopText(after, "sub1"), "s");
    EXPECT_THAT(plan.counts, ElementsAre(Pair("conversions.ids_trimmed", 1)));
    group.conversions = {after};
    EXPECT_EQ(PlanKey(group, Rules()).update, "");
}

TEST(AdoptTrimmed, AContactsClickToo) {
    auto stored =
        Seed(1, R"("email":"\u200bann@example.com ","sub1":" abc","click_id":"abc\ufeff")");
    EXPECT_EQ(EmailKeyOf(stored), "ann@example.com");
    auto plan = PlanContact(stored, {.oldest_of_email = true});
    const std::string after = Applied(stored, plan.update);
    EXPECT_EQ(domain::TopText(after, "sub1"), "abc");
    EXPECT_EQ(domain::TopText(after, "click_id"), "abc");
    EXPECT_EQ(plan.counts["contacts.ids_trimmed"], 1);
    EXPECT_EQ(PlanContact(after, {.oldest_of_email = true}).update, "");
}

}  // namespace
}  // namespace barracuda::adopt
