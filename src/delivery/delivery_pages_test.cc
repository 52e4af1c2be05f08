// Lists of deliveries over a real store: pages, filters, one by its id.
#include "delivery/replay_fixture.h"
#include "store/memory/memory_log.h"

namespace barracuda::delivery {
namespace {

using domain::DeliveryState;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class DeliveryPagesTest : public DeliveriesFixture {};

INSTANTIATE_TEST_SUITE_P(Kinds, DeliveryPagesTest, testing::Bool(), KindOfStore);

TEST_P(DeliveryPagesTest, EveryStateHasItsList) {
    Store({
        Made(1, DeliveryState::kDead),
        Made(2, DeliveryState::kWaiting),
        Made(3, DeliveryState::kDone),
        Made(4, DeliveryState::kDead),
        Made(5, DeliveryState::kCancelled),
        Made(6, DeliveryState::kWaiting),
    });
    for (size_t limit : {1, 2, 100}) {
        auto clicks = [&](auto state) { return Clicks(Query({.state = state}, limit)); };
        EXPECT_THAT(clicks(DeliveryState::kDead), ElementsAre("c000004", "c000001"));
        EXPECT_THAT(clicks(DeliveryState::kWaiting), ElementsAre("c000002", "c000006"));
        EXPECT_THAT(clicks(DeliveryState::kDone), ElementsAre("c000003"));
        EXPECT_THAT(clicks(DeliveryState::kCancelled), ElementsAre("c000005"));
        EXPECT_THAT(Clicks(Query({}, limit)), SizeIs(6));
    }
}

TEST_P(DeliveryPagesTest, FiltersOfAList) {
    std::vector<domain::Conversion> all;
    for (int i = 0; i < 12; ++i) all.push_back(Made(i, DeliveryState::kDead));
    all.push_back(Made(12, DeliveryState::kDead, "other"));
    Store(all);
    auto dead = [](DeliveryFilter filter) {
        filter.state = DeliveryState::kDead;
        return Query(std::move(filter), 2);
    };
    EXPECT_THAT(Clicks(dead({.network = "other"})), ElementsAre("c000012"));
    EXPECT_THAT(Clicks(dead({.kind = "private_api"})), IsEmpty());
    EXPECT_THAT(
        Clicks(dead({.goal = "5", .affiliate = "seven"})), ElementsAre("c000009", "c000003")
    );
    EXPECT_THAT(Clicks(dead({.code = 500})), SizeIs(4));
    EXPECT_THAT(Clicks(dead({.click = "c000003"})), ElementsAre("c000003"));
    EXPECT_THAT(
        Clicks(dead({.from = Time{kStart + 1002}, .to = Time{kStart + 1004}})),
        ElementsAre("c000003", "c000002")
    ) << "by when they died";
    EXPECT_THAT(
        Clicks(Query({.affiliate = "seven", .from = Time{kStart + 4}})),
        ElementsAre("c000012", "c000009", "c000006")
    ) << "by when they were recorded";
}

TEST_P(DeliveryPagesTest, OneIsFoundByItsId) {
    auto dead = Made(1, DeliveryState::kDead), done = Made(2, DeliveryState::kDone);
    Store({dead, done});
    auto find = [&](store::LogStore* log, const std::string& id) {
        auto row = FindDelivery(*store_.engine, log, id);
        EXPECT_TRUE(row);
        return row && *row ? (*row)->conversion.key.click.value : std::string();
    };
    std::string id = done.deliveries[0].id.value;
    EXPECT_EQ(find(nullptr, done.id.Hex() + "-" + id), "c000002");
    EXPECT_EQ(find(nullptr, dead.deliveries[0].id.value), "c000001");
    EXPECT_EQ(find(nullptr, id), "") << "only the log knows where a done one is";
    store::MemoryLog log({});
    domain::BsonWriter attempt;
    attempt.Text("click_id", "c000002");
    attempt.Text("goal_id", "6");
    std::vector<store::LogEntry> entries{{.at = Time{1}, .about = id, .bson = attempt.Take()}};
    ASSERT_TRUE(log.Append(store::LogId::kAttempts, entries));
    EXPECT_EQ(find(&log, id), "c000002");
    EXPECT_EQ(find(&log, dead.id.Hex() + "-" + id), "") << "not of that conversion";
    EXPECT_EQ(find(&log, "rubbish"), "");
}

}  // namespace
}  // namespace barracuda::delivery
