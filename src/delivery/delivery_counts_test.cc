// Counts of deliveries are of the list: whatever is stored, and whatever is asked for.
#include "delivery/delivery_counts.h"

#include <gmock/gmock.h>

#include <random>

#include "delivery/replay_fixture.h"

namespace barracuda::delivery {
namespace {

using domain::DeliveryState;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr DeliveryState kStates[] = {
    DeliveryState::kWaiting, DeliveryState::kDone, DeliveryState::kDead, DeliveryState::kCancelled};

class DeliveryCountsTest : public DeliveriesFixture {
protected:
    // Conversions with up to three deliveries in any state, each to a network of its own.
    void Fill(int count) {
        std::mt19937 random(7);
        std::vector<domain::Conversion> all;
        for (int i = 0; i < count; ++i) {
            auto c = Made(i, kStates[random() % 4], "north");
            for (const char* network : {"east", "south"}) {
                if (random() % 2 == 0) continue;
                c.deliveries.push_back(Made(i, kStates[random() % 4], network).deliveries[0]);
                c.deliveries.back().id = DeliveryId(fmt::format("{}-{}", network, i));
            }
            c.Reschedule(NodeId("boot-" + std::to_string(random() % 2)));
            all.push_back(std::move(c));
        }
        Store(all);
    }
    std::vector<DeliveryRow> Rows(DeliveryFilter filter, DeliveryState state) {
        filter.state = state;
        auto query = Query(filter, 7);
        std::vector<DeliveryRow> rows;
        do {
            auto page = ListDeliveries(*store_.engine, query);
            EXPECT_TRUE(page);
            rows.insert(rows.end(), page->rows.begin(), page->rows.end());
            query.cursor = page->cursor;
        } while (!query.cursor.empty());
        return rows;
    }
    DeliveryCounts Counts(const DeliveryFilter& filter, size_t looked_max = 10'000) {
        auto counts = CountDeliveries(*store_.engine, Query(filter), looked_max);
        EXPECT_TRUE(counts);
        return counts.value_or(DeliveryCounts{});
    }
    void ExpectEqual(const DeliveryFilter& filter) {
        const auto counts = Counts(filter);
        EXPECT_THAT(counts.at_least, IsEmpty());
        int64_t of_networks = 0, listed = 0;
        for (const auto& [name, network] : counts.networks) {
            of_networks += network.waiting + network.dead;
        }
        for (auto state : kStates) {
            const auto rows = Rows(filter, state);
            EXPECT_EQ(counts.states.at(state), int64_t(rows.size())) << NameOf(state);
            const bool open = state == DeliveryState::kWaiting || state == DeliveryState::kDead;
            if (open) listed += int64_t(rows.size());
            auto asked = filter;
            asked.state = state;
            std::map<int, int64_t> codes;
            for (const auto& row : rows) ++codes[row.delivery().status];
            EXPECT_EQ(Counts(asked).codes, codes) << NameOf(state);
        }
        EXPECT_EQ(of_networks, listed);
    }
};

INSTANTIATE_TEST_SUITE_P(Kinds, DeliveryCountsTest, testing::Bool(), KindOfStore);

TEST_P(DeliveryCountsTest, AreOfTheList) {
    Fill(300);
    for (const auto& filter : std::vector<DeliveryFilter>{
             {},
             {.network = "east"},
             {.network = "nobody"},
             {.goal = "6"},
             {.affiliate = "seven"},
             {.network = "north", .goal = "5", .code = 404},
             {.click = "c000012"},
             {.from = Time{kStart + 50}, .to = Time{kStart + 200}},
             {.to = Time{kStart}}}) {
        ExpectEqual(filter);
    }
}

TEST_P(DeliveryCountsTest, SayWhatIsOldestOfANetwork) {
    Store({Made(9, DeliveryState::kWaiting, "a"), Made(3, DeliveryState::kDead, "a")});
    Store({Made(1, DeliveryState::kDone, "a"), Made(5, DeliveryState::kDead, "b")});
    const auto counts = Counts({});
    ASSERT_EQ(counts.networks.size(), 2u);
    const auto& a = counts.networks.at("a");
    EXPECT_EQ(a.waiting, 1);
    EXPECT_EQ(a.dead, 1);
    EXPECT_EQ(a.oldest, Time{kStart + 3}) << "what is done waits for nobody";
    EXPECT_EQ(counts.networks.at("b").oldest, Time{kStart + 5});
}

TEST_P(DeliveryCountsTest, SayWhereTheyDidNotLookToTheEnd) {
    Fill(200);
    using enum DeliveryState;
    EXPECT_THAT(Counts({}, 20).at_least, UnorderedElementsAre(kWaiting, kDead, kDone, kCancelled));
    const auto all = Counts({});
    const auto some = Counts({}, 20);
    for (auto state : kStates) EXPECT_LE(some.states.at(state), all.states.at(state));
}

TEST_P(DeliveryCountsTest, HoldAFurtherConditionToo) {
    Fill(50);
    DeliveryQuery query;
    query.also = [](const domain::Delivery& one) { return one.network == "south"; };
    auto counts = CountDeliveries(*store_.engine, query, 10'000);
    ASSERT_TRUE(counts);
    EXPECT_EQ(counts->states, Counts({.network = "south"}).states);
}

}  // namespace
}  // namespace barracuda::delivery
