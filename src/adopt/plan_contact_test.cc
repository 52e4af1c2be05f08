// What becomes of the seed's contacts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adopt/plan.h"
#include "adopt/plan_fixture.h"

namespace barracuda::adopt {
namespace {

using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

ContactPlan PlanOf(std::string_view bson, ContactFacts facts = {.oldest_of_email = true}) {
    return PlanContact(bson, facts);
}

TEST(PlanContact, TheOldestOfAnEmailGetsTheKey) {
    auto stored = Seed(1, R"("email":" Ann@Example.com","name":"A","status":"new")");
    EXPECT_EQ(EmailKeyOf(stored), "ann@example.com");
    auto plan = PlanOf(stored);
    EXPECT_EQ(Json(plan.update), R"({ "$set" : { "email_key" : "ann@example.com", "rev" : 1 } })");
    EXPECT_TRUE(PlanOf(Applied(stored, plan.update)).update.empty());
    auto second = PlanOf(stored, {.oldest_of_email = false});
    EXPECT_THAT(second.update, IsEmpty());
    EXPECT_THAT(
        second.counts,
        UnorderedElementsAre(Pair("contacts.same_email", 1), Pair("contacts.unchanged", 1))
    );
    auto ghost = PlanOf(Seed(1, R"("sub1":"c1","email":null)"));
    EXPECT_THAT(ghost.update, IsEmpty());
    EXPECT_EQ(ghost.counts["contacts.without_email"], 1);
}

TEST(PlanContact, FlagsFollowTheLedger) {
    auto stored =
        Seed(1, R"("email":"a@x","sub1":2,"ftd":true,"ftd_amount":100,"affiliateRegistered":true)");
    auto without = PlanOf(stored);
    EXPECT_EQ(without.counts["contacts.flags_recomputed"], 1);
    EXPECT_EQ(without.counts["contacts.ids_made_text"], 1);
    auto after = Applied(stored, without.update);
    EXPECT_EQ(domain::TopText(after, "ftd"), "false");
    EXPECT_EQ(domain::TopText(after, "sub1"), "2");
    EXPECT_EQ(domain::TopText(after, "ftd_amount"), std::nullopt) << Json(without.update);
    domain::Conversion deposit;
    deposit.goal_type = domain::GoalType::kDeposit;
    deposit.created = Time{7};
    deposit.fields.Set(domain::Field::kAmount, "250");
    auto with = PlanOf(stored, {.oldest_of_email = true, .conversions = {deposit}});
    after = Applied(stored, with.update);
    EXPECT_EQ(domain::TopText(after, "ftd"), "true");
    EXPECT_EQ(domain::TopText(after, "ftd_amount"), "250");
    EXPECT_EQ(domain::TopText(after, "ftd_date"), "7");
}

TEST(PlanContact, AClickIsFoundForOneThatKnowsNone) {
    auto stored = Seed(1, R"("email":"a@x","sub1":null)");
    auto plan = PlanOf(stored, {.oldest_of_email = true, .click = "c9", .hash = "h9"});
    auto after = Applied(stored, plan.update);
    EXPECT_EQ(domain::TopText(after, "click_id"), "c9");
    EXPECT_EQ(domain::TopText(after, "sub1"), "h9");
    auto own = Seed(1, R"("email":"a@x","sub1":"c1")");
    EXPECT_EQ(
        domain::TopText(Applied(own, PlanOf(own, {.click = "c9"}).update), "click_id"), std::nullopt
    );
}

}  // namespace
}  // namespace barracuda::adopt
