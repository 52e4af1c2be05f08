#include "config/goals.h"

#include <gmock/gmock.h>

#include <utility>

#include "config/config_fixture.h"

namespace barracuda::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using GoalsTest = ConfigTest;

TEST_F(GoalsTest, FaultsAreNamed) {
    const std::pair<const char*, const char*> rows[] = {
        {"[[goal]]\ntype = \"other\"", "id: expected"},
        {"[[goal]]\nid = 5\n[[goal]]\nid = \"5\"", "goal \"5\": id: another goal has it"},
        {"[[goal]]\nid = 7\ntype = \"sale\"", "goal \"7\": type: expected"},
        {"[[goal]]\nid = 7\nthen = 9", "goal \"7\": then: there is no goal \"9\""},
        {"[[goal]]\nid = 7\nthen = 7", "the chain leads back to itself"},
        {"[[goal]]\nid = 7\nthen = 8\n[[goal]]\nid = 8\nthen = 9\n[[goal]]\nid = 9\nthen = 7",
         "the chain leads back to itself"},
        {"[[goal]]\nid = 6\ntype = \"deposit\"\nthen = 5", "the chain leads back to itself"},
        {"[[goal]]\nid = 7\nthen = 8\n[[goal]]\nid = 8\nrepeatable = true", "expected a once-goal"},
        {"[[goal]]\nid = 7\nthen = 6\nthen_amount = \"-1\"", "then_amount: expected"},
        {"[[goal]]\nid = 7\nthen = 6\nthen_amount = \"1.2345678\"", "then_amount: expected"},
        {"[[goal]]\nid = 7\nthen = 6\nthen_when = \"soon\"", "then_when: expected"},
        {"[[goal]]\nid = 5\ntype = \"other\"", "goal \"5\": id: another goal has it"},
    };
    for (const auto& [toml, message] : rows) {
        const auto c = FromToml(toml);
        ASSERT_FALSE(c) << toml;
        EXPECT_EQ(c.error().where, "goal");
        EXPECT_THAT(c.error().message, HasSubstr(message)) << toml;
    }
}

TEST_F(GoalsTest, AreCompleted) {
    auto c = FromToml("[[goal]]\nid = 7\nrepeatable = true\nthen = 6\nthen_amount = 50\n");
    ASSERT_TRUE(c) << c.error().message;
    EXPECT_THAT(
        c->goals,
        ElementsAre(
            Goal{.id = "7", .repeatable = true, .then = "6", .then_amount = "50"},
            Goal{.id = "6", .type = "deposit"},
            Goal{.id = "5", .type = "registration", .then = "6", .then_amount = "100"}
        )
    );
    EXPECT_THAT(Describe(*c), HasSubstr("goal 7 = other, repeatable, then 6 of 50 when recorded"));

    // The chain rule is turned off by naming the goal without it.
    c = FromToml("[[goal]]\nid = \"5\"\ntype = \"registration\"\n");
    ASSERT_TRUE(c) << c.error().message;
    EXPECT_EQ(c->FindGoal("5")->then, "");
    EXPECT_EQ(c->GoalOfType("deposit")->id, "6");

    c = FromToml("[[goal]]\nid = 9\ntype = \"deposit\"\nrepeatable = true\n");
    ASSERT_TRUE(c) << c.error().message;
    EXPECT_EQ(c->GoalOfType("deposit")->id, "9");
    EXPECT_EQ(c->FindGoal("5")->then, "");
}

TEST_F(GoalsTest, ThoseThatChangeWhatRoutesAskForAreWarnedOf) {
    EXPECT_THAT(WarningsOf(*Load({}, {}, {})), IsEmpty());
    auto c = FromToml("[[goal]]\nid = 7\ntype = \"other\"\nrepeatable = true\n");
    EXPECT_THAT(WarningsOf(*c), IsEmpty());
    c = FromToml("[[goal]]\nid = 7\ntype = \"deposit\"\nrepeatable = true\n");
    EXPECT_THAT(
        WarningsOf(*c),
        ElementsAre(
            HasSubstr("goal 7 is the first of type deposit and repeatable"),
            HasSubstr("no deposit follows a form's registration")
        )
    );
}

}  // namespace
}  // namespace barracuda::config
