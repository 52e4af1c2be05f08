// An adoption beside an engine that is open: over a real replica set (BARRACUDA_TEST_MONGODB).
#include "adopt/adoption.h"

#include <thread>

#include "store/mongo/mongo_fixture.h"

namespace barracuda::adopt {
namespace {

using namespace store;
using testing::HasSubstr;

class AdoptionTest : public testing::TestWithParam<Kind> {};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(AdoptionTest);
INSTANTIATE_TEST_SUITE_P(
    Server,
    AdoptionTest,
    testing::ValuesIn(TestMongo() ? std::vector{Kind::kMongo} : std::vector<Kind>()),
    [](const auto& info) { return std::string(NameOf(info.param)); }
);

TEST_P(AdoptionTest, TheSeedsDatabaseIsNotServedUntilItIsAdopted) {
    TempDatabase theirs;
    With(theirs, "postbacks", R"({"click_id":"c1","goal":"deposit","createdAt":{"$date":5}})");
    auto engine = MongoEngine::Open(theirs.Options());
    ASSERT_TRUE(engine) << engine.error().message;
    EXPECT_THAT((*engine)->Trouble().value_or(""), HasSubstr("barracuda adopt"));
    Write write{DealRef("c"), std::nullopt, Document({.click = "c"})};
    EXPECT_FALSE((*engine)->Commit(std::span(&write, 1)));
    EXPECT_FALSE((*engine)->Backup("x"));
    auto client = MongoClient::Open(theirs.Options().client);
    ASSERT_TRUE(client);
    auto report = Adopt(**client, {.rules = {}});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->counts["postbacks.recorded"], 1);
    for (int tries = 0; (*engine)->Trouble() && tries < 200; ++tries) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    EXPECT_EQ((*engine)->Trouble(), std::nullopt) << "it has noticed by itself";
    EXPECT_TRUE(Get(**engine, RefOf({ClickId("c1"), GoalId("6"), ""})));
    EXPECT_TRUE((*engine)->Commit(std::span(&write, 1)));
}

}  // namespace
}  // namespace barracuda::adopt
