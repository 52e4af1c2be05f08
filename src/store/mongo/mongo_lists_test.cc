// How MongoDB goes about the lists: by the index that the program names, in its order, and without
// a look at what no page needs.
#include "domain/contact.h"
#include "store/mongo/mongo_fixture.h"
#include "store/mongo/scan.h"

namespace barracuda::store {
namespace {

using testing::HasSubstr;
using testing::Not;

class MongoListsTest : public MongoTest {
protected:
    static constexpr int kMany = 600;

    void SetUp() override {
        std::vector<Write> writes;
        for (int i = 0; i < kMany; ++i) {
            auto c = *domain::DecodeConversion(Document({.click = "c" + std::to_string(i)}));
            c.id = ObjectId::New();
            c.created = c.updated = Time{i * 1'000};
            c.status = static_cast<domain::Status>(i % 3);
            c.fields.Set(domain::Field::kAffiliateId, std::to_string(i % 7));
            c.fields.Set(domain::Field::kOfferId, std::to_string(i % 5));
            c.fields.Set(domain::Field::kTransactionId, std::to_string(i % 50));
            writes.push_back({RefOf(c.key), std::nullopt, domain::Encode(c)});
        }
        for (int i = 0; i < kMany; ++i) {
            domain::Contact c;
            c.id = ObjectId::New();
            c.created = c.updated = Time{i * 1'000};
            c.click_id = "c" + std::to_string(i % 20);
            c.sub1 = "h" + std::to_string(i % 20);
            c.affiliate_id = std::to_string(i % 7);
            c.ftd = i % 3 == 0;
            writes.push_back({{Collection::kContacts, c.id.Hex()}, std::nullopt, Encode(c)});
        }
        ASSERT_TRUE(engine().Commit(writes));
    }

    int64_t NumberIn(const Bson& plan, const char* name) {
        bson_iter_t at, found;
        EXPECT_TRUE(bson_iter_init_find(&at, plan.get(), "executionStats"));
        EXPECT_TRUE(bson_iter_recurse(&at, &found) && bson_iter_find(&found, name)) << name;
        return bson_iter_as_int64(&found);
    }

    // The plan that was gone by, as JSON; those that lost the race are of no interest.
    std::string WinnerOf(const Bson& plan) {
        bson_iter_t at, found;
        const bool there = bson_iter_init(&at, plan.get()) &&
                           bson_iter_find_descendant(&at, "queryPlanner.winningPlan", &found);
        EXPECT_TRUE(there);
        if (!there) return {};
        const std::string bytes(domain::BytesOf(found));
        const bson_t view = ViewOf(bytes);
        char* json = bson_as_relaxed_extended_json(&view, nullptr);
        const std::string text = json;
        bson_free(json);
        return text;
    }

    // A page of ten is read from `index`, without a sort, and looks at little more than the page.
    void CheckPlan(const ScanRequest& request, const char* index, int64_t keys_most) {
        auto plan = ExplainScan(engine_->client(), request);
        ASSERT_TRUE(plan) << plan.error().message;
        const std::string text = WinnerOf(*plan);
        EXPECT_THAT(text, Not(HasSubstr("COLLSCAN"))) << index;
        EXPECT_THAT(text, Not(HasSubstr("\"SORT\""))) << index << text;
        EXPECT_THAT(text, HasSubstr(std::string("barracuda_") + index + "_v")) << text;
        EXPECT_LE(NumberIn(*plan, "totalDocsExamined"), 13) << index << text;
        EXPECT_LE(NumberIn(*plan, "totalKeysExamined"), keys_most) << index << text;
    }
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(MongoListsTest);
INSTANTIATE_TEST_SUITE_P(
    Server,
    MongoListsTest,
    testing::ValuesIn(TestMongo() ? std::vector{Kind::kMongo} : std::vector<Kind>()),
    [](const auto& info) { return std::string(NameOf(info.param)); }
);

ScanRequest ByIndex(IndexId index, std::vector<std::vector<std::string>> any) {
    ScanRequest request;
    request.index = index;
    request.any = std::move(any);
    request.limit = 10;
    return request;
}

TEST_P(MongoListsTest, APageLooksAtAPage) {
    const std::vector<std::string> types = {"other", "registration", "deposit"};
    const std::vector<std::string> statuses = {"pending", "approved", "rejected"};
    const std::vector<std::string> provenances = {"unknown", "reported", "admin", "form", "auto"};
    for (bool descending : {false, true}) {
        const auto check = [&](ScanRequest request, const char* index, int64_t keys_most) {
            request.descending = descending;
            CheckPlan(request, index, keys_most);
            // The tenth page of it, in the middle of the list, looks at no more.
            auto page = engine().Scan(request);
            for (int i = 0; page && i < 2 && !page->cursor.empty(); ++i) {
                request.cursor = page->cursor;
                page = engine().Scan(request);
            }
            ASSERT_TRUE(page);
            CheckPlan(request, index, keys_most);
        };
        check(ByIndex(IndexId::kConversionCreated, {}), "createdAt", 15);
        check(ByIndex(IndexId::kConversionUpdated, {}), "updatedAt", 15);
        check(ByIndex(IndexId::kConversionAffiliate, {{"1", "2"}}), "affiliate_id_createdAt", 30);
        check(ByIndex(IndexId::kConversionOffer, {{"3"}}), "offer_id_createdAt", 30);
        check(ByIndex(IndexId::kConversionGoal, {{"6"}}), "goal_id_createdAt", 15);
        check(
            ByIndex(IndexId::kConversionTransaction, {{"7", "8", "9"}}),
            "transaction_id_createdAt",
            30
        );
        check(
            ByIndex(IndexId::kConversionState, {types, {"approved"}, provenances}),
            "state_createdAt",
            200
        );
        check(
            ByIndex(IndexId::kConversionState, {types, statuses, provenances}),
            "state_createdAt",
            300
        );
        ScanRequest prefix;
        prefix.key_prefix = "c1";
        prefix.limit = 10;
        check(prefix, "key", 15);
    }
}

TEST_P(MongoListsTest, APageOfContactsLooksAtAPage) {
    for (bool descending : {false, true}) {
        const auto check =
            [&](IndexId index, std::vector<std::vector<std::string>> any, const char* name) {
                auto request = ByIndex(index, std::move(any));
                request.collection = Collection::kContacts;
                request.descending = descending;
                CheckPlan(request, name, 30);
                auto page = engine().Scan(request);
                ASSERT_TRUE(page);
                ASSERT_FALSE(page->cursor.empty());
                request.cursor = page->cursor;
                CheckPlan(request, name, 30);
            };
        check(IndexId::kContactCreated, {}, "createdAt");
        check(IndexId::kContactClick, {{"c1"}}, "click_id");
        check(IndexId::kContactClick, {{"c1", "c2"}}, "click_id");
        check(IndexId::kContactSub1, {{"h1"}}, "sub1");
        check(IndexId::kContactSub1, {{"h1", "h2"}}, "sub1");
        check(IndexId::kContactAffiliate, {{"3"}}, "affiliate_id_createdAt");
        check(IndexId::kContactAffiliate, {{"3", "4"}}, "affiliate_id_createdAt");
        check(IndexId::kContactFtd, {{"true"}}, "ftd_createdAt");
        check(IndexId::kContactFtd, {{"false"}}, "ftd_createdAt");
    }
}

TEST_P(MongoListsTest, CountsByTheIndex) {
    auto request = ByIndex(IndexId::kConversionOffer, {{"3", "4"}});
    EXPECT_EQ(engine().Count(request, 1'000).value(), kMany * 2 / 5);
    EXPECT_EQ(engine().Count(request, 7).value(), 7u);
    request.from = Time{300'000};
    EXPECT_EQ(engine().Count(request, 1'000).value(), kMany / 5);
    ScanRequest prefix;
    prefix.key_prefix = "c59";
    EXPECT_EQ(engine().Count(prefix, 1'000).value(), 11u);
    for (const char* flag : {"true", "false"}) {
        auto deposited = ByIndex(IndexId::kContactFtd, {{flag}});
        deposited.collection = Collection::kContacts;
        const int part = std::string_view(flag) == "true" ? 1 : 2;
        EXPECT_EQ(engine().Count(deposited, 1'000).value(), kMany * part / 3) << flag;
    }
}

// What the old application left without a word reads as the field's first one, and is listed so;
// another's word that is none is named by verify.
TEST_P(MongoListsTest, WhatHasNoWordIsListedAsItReads) {
    Insert(
        "conversions", Bson::Json(R"({"click_id":"old","goal_id":"6","createdAt":{"$date":1}})")
    );
    auto request = ByIndex(IndexId::kConversionState, {{"other"}, {"pending"}, {"unknown"}});
    auto page = engine().Scan(request);
    ASSERT_TRUE(page);
    ASSERT_EQ(page->documents.size(), 1u);
    EXPECT_EQ(domain::TopText(page->documents[0], "click_id"), "old");
    EXPECT_EQ(engine().Count(request, 10).value(), 1u);
    EXPECT_TRUE(engine().Verify(false)->empty());
    Insert("conversions", Bson::Json(R"({"click_id":"odd","goal_id":"6","status":"maybe"})"));
    EXPECT_THAT(*engine().Verify(false), testing::ElementsAre(HasSubstr("odd: no such status")));
}

}  // namespace
}  // namespace barracuda::store
