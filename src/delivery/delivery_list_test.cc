#include "delivery/delivery_list.h"

#include <gtest/gtest.h>

#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::delivery {
namespace {

using domain::DeliveryState;

class DeliveryListTest : public testing::Test {
protected:
    // Ten conversions, each with one delivery; the dead ones are the last three.
    DeliveryListTest() {
        for (int i = 0; i < 10; ++i) {
            domain::Conversion c;
            c.id = ObjectId::New();
            c.key = {ClickId("c" + std::to_string(i)), GoalId("6"), ""};
            c.created = c.updated = Time{i};
            domain::Delivery one;
            one.id = DeliveryId("d" + std::to_string(i));
            one.network = NetworkName(i < 2 ? "rare" : "default");
            one.state = i < 7 ? DeliveryState::kDone : DeliveryState::kDead;
            one.last_at = Time{i};
            c.deliveries.push_back(one);
            c.Reschedule("n1");
            store::Write write{store::RefOf(c.key), {}, domain::Encode(c)};
            EXPECT_TRUE(engine_->Commit(std::span(&write, 1)));
        }
    }

    std::unique_ptr<store::KvEngine> engine_ =
        std::move(store::KvEngine::Open(
                      std::make_unique<store::MemoryKv>(std::make_shared<store::MemoryKv::Data>())
        )
                      .value());
};

// A page whose look-ahead ended is short and goes on: what it gives by cursor is everything.
TEST_F(DeliveryListTest, AShortPageGoesOn) {
    for (size_t looked : {1, 2, 3, 100}) {
        DeliveryQuery query;
        query.filter.network = "rare";
        query.limit = 5;
        query.scanned_max = looked;
        std::string found;
        do {
            auto page = ListDeliveries(*engine_, query);
            ASSERT_TRUE(page);
            for (const auto& row : page->rows) found += row.delivery_id.value;
            query.cursor = page->cursor;
        } while (!query.cursor.empty());
        EXPECT_EQ(found, "d1d0") << looked;
    }
}

TEST_F(DeliveryListTest, OneThatWasNotLookedAtIsNotSaidToBeMissing) {
    auto found = FindDelivery(*engine_, nullptr, "d7");
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->conversion.key.click.value, "c7");
    auto missing = FindDelivery(*engine_, nullptr, "nobody");
    ASSERT_TRUE(missing);
    EXPECT_FALSE(*missing);
    auto unknown = FindDelivery(*engine_, nullptr, "nobody", 2);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
    EXPECT_NE(unknown.error().message.find("first 2"), std::string::npos);
}

}  // namespace
}  // namespace barracuda::delivery
