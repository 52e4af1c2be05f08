#include <gtest/gtest.h>

#include <array>
#include <set>

#include "demo/contacts.h"
#include "demo/conversions.h"

namespace barracuda::demo {
namespace {

const Time kEnd = *Time::ParseIso("2026-11-30T12:00:00Z");
constexpr int64_t kHourMs = 3'600'000, kDayMs = 24 * kHourMs;

std::vector<std::string> Made(size_t count, uint64_t seed) {
    Conversions conversions({.count = count, .end = kEnd, .seed = seed});
    std::vector<std::string> documents;
    for (size_t i = 0; i < count; ++i) documents.push_back(Encode(conversions.Next()));
    return documents;
}

TEST(Demo, TheSameSeedMakesTheSameBytes) {
    EXPECT_EQ(Made(500, 3), Made(500, 3));
    EXPECT_NE(Made(500, 3), Made(500, 4));
}

TEST(Demo, DaysNeverGoBackAndAreUnlikeEachOther) {
    const Days days(kEnd, 90, 1);
    std::array<int, 24> of_hour{};
    constexpr int kCount = 100'000;
    Time before = days.begin();
    for (int i = 0; i < kCount; ++i) {
        const Time at = days.At((i + .5) / kCount);
        ASSERT_GE(at, before);
        ASSERT_LT(at, kEnd);
        ++of_hour[static_cast<size_t>(at.ms / kHourMs % 24)];
        before = at;
    }
    EXPECT_EQ(days.begin().ms, kEnd.ms - 90 * kDayMs);
    EXPECT_GT(of_hour[20], 3 * of_hour[4]) << "evenings more than nights";
}

TEST(Demo, ConversionsAreAsPeopleMakeThem) {
    constexpr size_t kCount = 20'000;
    Conversions conversions({.count = kCount, .end = kEnd});
    std::set<domain::ConversionKey> keys;
    std::set<ObjectId> ids;
    std::map<std::string, size_t> affiliates, currencies;
    std::map<domain::Status, size_t> statuses;
    std::map<domain::DeliveryState, size_t> deliveries;
    size_t corrected = 0;
    for (size_t i = 0; i < kCount; ++i) {
        const auto one = conversions.Next();
        EXPECT_TRUE(keys.insert(one.key).second) << one.key.click.value;
        EXPECT_TRUE(ids.insert(one.id).second);
        EXPECT_LE(one.updated, kEnd);
        ++affiliates[std::string(one.fields.Get(domain::Field::kAffiliateId))];
        ++currencies[std::string(one.fields.Get(domain::Field::kCurrency))];
        ++statuses[one.status];
        for (const auto& delivery : one.deliveries) ++deliveries[delivery.state];
        corrected += !one.history.empty();
        // As the codec reads it back: nothing in it is of a form of its own.
        const auto read = domain::DecodeConversion(domain::Encode(one));
        ASSERT_TRUE(read);
        EXPECT_EQ(domain::Encode(*read), domain::Encode(one));
    }
    EXPECT_GT(affiliates.size(), 250u);
    size_t most = 0;
    for (const auto& [name, count] : affiliates) most = std::max(most, count);
    EXPECT_GT(most, 20 * kCount / affiliates.size() / 4) << "few bring most";
    EXPECT_GE(currencies.size(), 4u);
    EXPECT_EQ(statuses.size(), 3u);
    EXPECT_GT(corrected, kCount / 1'000);
    EXPECT_GT(deliveries[domain::DeliveryState::kDone], kCount / 20);
    EXPECT_GT(deliveries[domain::DeliveryState::kDead], 0u);
}

TEST(Demo, NetworksOffersAndGoalsAreSound) {
    for (const auto& network : Networks("http://127.0.0.1:9")) {
        EXPECT_FALSE(Check(network)) << network.name.value << ": " << Check(network)->Text();
    }
    for (const auto& offer : Offers()) EXPECT_FALSE(Check(offer)) << offer.id;
    EXPECT_FALSE(Check(QualifiedGoal()));
}

TEST(Demo, ContactsFollowTheirConversions) {
    size_t deposited = 0;
    for (const auto& visitor : Visitors(200, kEnd, 1)) {
        auto again = visitor.contact;
        EXPECT_FALSE(SyncFlags(again, visitor.conversions));
        deposited += visitor.contact.ftd;
        EXPECT_TRUE(visitor.contact.email.ends_with("@mail.example")) << "nobody's address";
    }
    EXPECT_GT(deposited, 40u);
}

}  // namespace
}  // namespace barracuda::demo
