#include "delivery/work_sweep.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "store/engine_fixture.h"

namespace barracuda::delivery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class WorkSweepTest : public testing::TestWithParam<bool> {
protected:
    void Owe(const std::string& click, int64_t due, const NodeId& owner = "me") {
        domain::Conversion c;
        c.id = ObjectId::New();
        c.key = {ClickId(click), GoalId("6"), ""};
        c.rev = 1;
        domain::Delivery d;
        d.id = DeliveryId(click);
        d.next_at = Time{due};
        c.deliveries.push_back(d);
        c.Reschedule(owner);
        std::vector<store::Write> writes{{store::RefOf(c.key), std::nullopt, domain::Encode(c)}};
        store::Commit(*store_.engine, writes);
    }
    void Finish(const std::string& click) {
        auto ref = store::RefOf({ClickId(click), GoalId("6"), ""});
        auto stored = store::Get(*store_.engine, ref);
        std::vector<store::Write> writes{{ref, stored, std::nullopt}};
        store::Commit(*store_.engine, writes);
    }
    // The clicks of one page; "|" when the round ended with it.
    std::vector<std::string> Next(size_t limit, int64_t until = 1'000) {
        auto page = sweep_.Next("me", Time{until}, limit);
        EXPECT_TRUE(page);
        std::vector<std::string> clicks;
        for (const auto& item : page->items) {
            clicks.push_back(store::ConversionKeyOf(item.ref).click.value);
        }
        if (page->ended) clicks.push_back("|");
        return clicks;
    }
    store::Store store_{GetParam()};
    WorkSweep sweep_{*store_.engine};
};

INSTANTIATE_TEST_SUITE_P(Kinds, WorkSweepTest, testing::Bool(), [](const auto& info) {
    return std::string(info.param ? "RocksDB" : "Memory");
});

TEST_P(WorkSweepTest, GoesOnWhereItStopped) {
    for (int i = 0; i < 5; ++i) Owe(fmt::format("c{}", i), 10 * i);
    EXPECT_THAT(Next(2), ElementsAre("c0", "c1"));
    EXPECT_THAT(Next(2), ElementsAre("c2", "c3"));
    EXPECT_THAT(Next(2), ElementsAre("c4", "|"));
    EXPECT_THAT(Next(2), ElementsAre("c0", "c1")) << "round and round";
    EXPECT_THAT(Next(9), ElementsAre("c2", "c3", "c4", "|"));
}

TEST_P(WorkSweepTest, ManyOfOneMomentAreAllGivenOnce) {
    for (int i = 0; i < 25; ++i) Owe(fmt::format("c{:02}", i), i < 5 ? 10 : 20);
    std::vector<std::string> all;
    for (bool ended = false; !ended && all.size() < 100;) {
        for (const auto& click : Next(4)) {
            click == "|" ? (void)(ended = true) : all.push_back(click);
        }
    }
    EXPECT_THAT(all, SizeIs(25));
    EXPECT_THAT(std::set<std::string>(all.begin(), all.end()), SizeIs(25));
}

TEST_P(WorkSweepTest, WhatIsDoneMeanwhileAndWhatComesMeanwhile) {
    for (int i = 0; i < 4; ++i) Owe(fmt::format("c{}", i), 10 * i);
    EXPECT_THAT(Next(2), ElementsAre("c0", "c1"));
    for (const char* click : {"c0", "c1", "c2"}) Finish(click);
    Owe("early", 5);
    Owe("late", 35);
    Owe("later", 2'000);
    Owe("another's", 36, "you");
    EXPECT_THAT(Next(9), ElementsAre("c3", "late", "|"));
    EXPECT_THAT(Next(9), ElementsAre("early", "c3", "late", "|"));
}

TEST_P(WorkSweepTest, APlaceIsForgottenWithItsOwner) {
    Owe("c0", 0);
    Owe("c1", 1);
    EXPECT_THAT(Next(1), ElementsAre("c0"));
    sweep_.Keep({"you"});
    EXPECT_THAT(Next(9), ElementsAre("c0", "c1", "|"));
    sweep_.Keep({"me"});
    EXPECT_THAT(Next(9, -1), ElementsAre("|"));
}

}  // namespace
}  // namespace barracuda::delivery
