// What only MongoDB can do to us: lost answers, unconfirmed writes, two nodes at one moment. Over a
// real replica set (BARRACUDA_TEST_MONGODB) with its failCommand fail point.
#include "store/mongo/mongo_engine.h"

#include <thread>

#include "store/mongo/address.h"
#include "store/mongo/mongo_fixture.h"
#include "store/mongo/setup.h"
#include "store/mongo/state.h"

namespace barracuda::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(MongoTest);
INSTANTIATE_TEST_SUITE_P(
    Server,
    MongoTest,
    testing::ValuesIn(TestMongo() ? std::vector{Kind::kMongo} : std::vector<Kind>()),
    [](const auto& info) { return std::string(NameOf(info.param)); }
);

TEST_P(MongoTest, AnUnconfirmedInsertIsSettledAsOurs) {
    for (int times : {1, 3}) {
        std::string click = "u" + std::to_string(times);
        auto one = Document({.click = click});
        Fail("insert", times, kUnconfirmed);
        EXPECT_EQ(Put(engine(), DealRef(click), std::nullopt, one), kApplied);
        EXPECT_EQ(Get(engine(), DealRef(click)), one);
        EXPECT_EQ(Put(engine(), DealRef(click), std::nullopt, one), kLost) << "now it is not new";
    }
}

TEST_P(MongoTest, ABrokenConnectionOrAFailoverIsRiddenOut) {
    int n = 0;
    for (const char* how : {kClosed, kNoPrimary}) {
        for (int times : {1, 3}) {
            std::string click = "b" + std::to_string(++n);
            auto one = Document({.click = click, .rev = 1});
            auto two = Document({.click = click, .amount = "2", .rev = 2});
            Fail("insert", times, how);
            EXPECT_EQ(Put(engine(), DealRef(click), std::nullopt, one), kApplied) << how << times;
            Fail("update", times, how);
            EXPECT_EQ(Put(engine(), DealRef(click), one, two), kApplied) << how << times;
            Fail("find", times, how);
            EXPECT_EQ(Get(engine(), DealRef(click)), two);
            Fail("delete", times, how);
            EXPECT_EQ(Put(engine(), DealRef(click), two, std::nullopt), kApplied) << how << times;
        }
    }
}

TEST_P(MongoTest, AnUnconfirmedUpdateOrDeleteIsSettledAsOurs) {
    auto one = Document({.rev = 1}), two = Document({.amount = "2", .rev = 2});
    Ref ref = DealRef("c1");
    ASSERT_EQ(Put(engine(), ref, std::nullopt, one), kApplied);
    Fail("update", 2, kUnconfirmed);
    EXPECT_EQ(Put(engine(), ref, one, two), kApplied);
    EXPECT_EQ(Get(engine(), ref), two);
    Fail("delete", 2, kUnconfirmed);
    EXPECT_EQ(Put(engine(), ref, two, std::nullopt), kApplied);
    EXPECT_EQ(Get(engine(), ref), std::nullopt);
}

TEST_P(MongoTest, InAMixedBatchEveryWriteHasItsOwnAnswer) {
    auto theirs = Document({.click = "t", .affiliate = "theirs"});
    auto stale = Document({.click = "s", .rev = 3}), old = Document({.click = "s", .rev = 2});
    ASSERT_THAT(
        Commit(
            engine(), {{DealRef("t"), std::nullopt, theirs}, {DealRef("s"), std::nullopt, stale}}
        ),
        ElementsAre(kApplied, kApplied)
    );
    Fail("insert", 1, kUnconfirmed);
    EXPECT_THAT(
        Commit(
            engine(),
            {{DealRef("n"), std::nullopt, Document({.click = "n"})},
             {DealRef("t"), theirs, Document({.click = "t", .amount = "7", .rev = 2})},
             {DealRef("s"), old, Document({.click = "s", .amount = "7", .rev = 3})},
             {DealRef("m"), std::nullopt, Document({.click = "m"})}}
        ),
        ElementsAre(kApplied, kApplied, kLost, kApplied)
    );
    EXPECT_EQ(Get(engine(), DealRef("s")), stale);
}

TEST_P(MongoTest, ADocumentThatIsTooLargeFailsAlone) {
    auto large = Document({.click = "large", .affiliate = std::string(17 << 20, 'x')});
    EXPECT_THAT(
        Commit(
            engine(),
            {{DealRef("a"), std::nullopt, Document({.click = "a"})},
             {DealRef("large"), std::nullopt, large},
             {DealRef("b"), std::nullopt, Document({.click = "b"})}}
        ),
        ElementsAre(kApplied, kFailed, kApplied)
    );
    EXPECT_EQ(Get(engine(), DealRef("large")), std::nullopt);
    EXPECT_NE(Get(engine(), DealRef("b")), std::nullopt);
}

TEST_P(MongoTest, WhatStaysUncertainAtTheDeadlineFails) {
    auto options = database_.Options();
    options.deadline = std::chrono::milliseconds(800);
    auto hasty = MongoEngine::Open(options);
    ASSERT_TRUE(hasty);
    auto one = Document({.click = "d"});
    Fail("insert", 0, kNoPrimary);
    EXPECT_EQ(Put(**hasty, DealRef("d"), std::nullopt, one), kFailed);
    FailPoint(R"({"configureFailPoint":"failCommand","mode":"off"})");
    EXPECT_EQ(Put(**hasty, DealRef("d"), std::nullopt, one), kApplied) << "with no restart";
}

TEST_P(MongoTest, OfTwoNodesOneRecordsAndTheOtherSeesIt) {
    auto other = database_.Open();
    for (int round = 0; round < 20; ++round) {
        std::string click = "r" + std::to_string(round);
        std::string documents[2];
        WriteState states[2] = {kFailed, kFailed};
        std::vector<std::jthread> nodes;
        for (int n : {0, 1}) {
            // Equal keys, an `_id` each.
            domain::BsonWriter to;
            to.Id("_id", ObjectId::New());
            to.Text("click_id", click);
            to.Text("goal_id", "6");
            to.Int("rev", 1);
            documents[n] = to.Take();
            nodes.emplace_back([&, n] {
                Engine& node = n == 0 ? engine() : *other;
                states[n] = Put(node, DealRef(click), std::nullopt, documents[n]);
                auto seen = Get(node, DealRef(click));
                EXPECT_TRUE(seen) << "whoever lost sees the winner at once";
            });
        }
        nodes.clear();
        EXPECT_EQ((states[0] == kApplied) + (states[1] == kApplied), 1) << click;
        EXPECT_EQ((states[0] == kLost) + (states[1] == kLost), 1) << click;
        EXPECT_EQ(Get(engine(), DealRef(click)), documents[states[0] == kApplied ? 0 : 1]);
    }
}

TEST_P(MongoTest, ADocumentOfTheSeedIsChangedWhereItStands) {
    Bson seed;
    seed.Text("click_id", "c1").Text("goal_id", "6").Int("affiliate_id", 7);
    seed.Date("createdAt", Time{5});  // its `_id` is the server's, and it has no `rev`
    Insert("conversions", seed);
    auto stored = Get(engine(), DealRef("c1"));
    ASSERT_TRUE(stored);
    EXPECT_EQ(RevIn(*stored), 0);
    ScanRequest by_affiliate;
    by_affiliate.index = IndexId::kConversionAffiliate;
    by_affiliate.equal = {"7"};
    auto page = engine().Scan(by_affiliate);
    ASSERT_TRUE(page);
    EXPECT_THAT(page->documents, ElementsAre(*stored)) << "numbers and text are one affiliate";
    auto conversion = domain::DecodeConversion(*stored);
    ASSERT_TRUE(conversion);
    conversion->rev = 1;
    auto after = domain::Encode(*conversion);
    EXPECT_EQ(Put(engine(), DealRef("c1"), stored, after), kApplied);
    EXPECT_EQ(Get(engine(), DealRef("c1")), after);
    EXPECT_EQ(Put(engine(), DealRef("c1"), stored, after), kLost) << "the same write again";
}

TEST_P(MongoTest, AnotherApplicationsDatabaseIsRefused) {
    struct Case {
        const char* collection;
        const char* document;
    };
    for (const auto& [collection, document] : std::vector<Case>{
             {"orders", R"({"total":5})"},
             {"conversions", R"({"campaign":5})"},
             {"contacts", R"({"email":"a@x","phone":"1"})"},
             {"sessions", R"({"_id":"s","session":{}})"},
             {"settings", R"({"_id":"theme","dark":true})"}}) {
        TempDatabase theirs;
        With(theirs, collection, document);
        auto engine = MongoEngine::Open(theirs.Options());
        ASSERT_FALSE(engine) << collection;
        EXPECT_EQ(engine.error().code, ErrorCode::kInvalid);
        EXPECT_THAT(engine.error().message, HasSubstr(collection));
        EXPECT_THAT(engine.error().message, HasSubstr("another application"));
    }
}

TEST_P(MongoTest, TwoUniqueIndexesAreRefusedWhereAGoalIsRepeatable) {
    TempDatabase ours;
    auto options = ours.Options();
    ASSERT_TRUE(MongoEngine::Open(options));
    auto client = MongoClient::Open(options.client);
    ASSERT_TRUE(client);
    auto command = [&](const char* json) {
        auto lease = (*client)->Take();
        auto done = lease->Command(Bson::Json(json));
        EXPECT_TRUE(done) << done.error().message;
    };
    const char* narrow =
        R"({"createIndexes":"conversions","indexes":[{"name":"click_id_1_goal_id_1",)"
        R"("key":{"click_id":1,"goal_id":1},"unique":true}]})";
    command(narrow);
    EXPECT_TRUE(MongoEngine::Open(options)) << "every goal counts once";
    EXPECT_EQ(NarrowIndex(**client).value(), "click_id_1_goal_id_1");
    options.several_per_click = true;  // configured so for the first time: it goes
    EXPECT_TRUE(MongoEngine::Open(options));
    EXPECT_EQ(NarrowIndex(**client).value(), "");
    With(ours, "settings", R"({"_id":"goal_rules","epoch":1,"repeatable":["6"],"rev":1})");
    command(narrow);  // the seed's application was started again
    auto engine = MongoEngine::Open(options);
    ASSERT_FALSE(engine);
    EXPECT_THAT(engine.error().message, HasSubstr("two unique indexes"));
    EXPECT_THAT(engine.error().message, HasSubstr("click_id_1_goal_id_1"));
}

TEST_P(MongoTest, AnIndexThatIsAnotherIsNamed) {
    ASSERT_EQ(IndexFindings(engine_->client()).value(), std::vector<std::string>());
    auto lease = engine_->client().Take();
    ASSERT_TRUE(lease);
    auto run = [&](const std::string& json) {
        auto done = lease->Command(Bson::Json(json));
        ASSERT_TRUE(done) << done.error().message;
    };
    const std::string name = kKeyIndex;
    run(R"({"dropIndexes":"conversions","index":")" + name + "\"}");
    EXPECT_THAT(IndexFindings(engine_->client()).value(), ElementsAre(HasSubstr("lacks " + name)));
    run(R"({"createIndexes":"conversions","indexes":[{"name":")" + name +
        R"(","key":{"click_id":1,"goal_id":1,"occurrence":1}}]})");
    EXPECT_THAT(IndexFindings(engine_->client()).value(), ElementsAre(HasSubstr("is not unique")));
}

TEST(MongoAddress, IsRefused) {
    for (const char* uri : {"mongodb://", "mongodb://h/?w=majority&w", "mongodb://u:p@@h/"}) {
        auto client = MongoClient::Open({.uri = uri, .database = "x"});
        ASSERT_FALSE(client) << uri;
        EXPECT_EQ(client.error().code, ErrorCode::kInvalid);
    }
}

TEST(MongoAddress, AnUpdateIsKnownByItsCommand) {
    domain::Conversion was = *domain::DecodeConversion(Document({.rev = 1})), ours = was;
    ours.rev = 2;
    ours.AddHistory({Time{9}, "ftd", "aa", "status", "", ""});
    domain::Conversion theirs = was;
    theirs.rev = 2;
    theirs.AddHistory({Time{9}, "ftd", "bb", "status", "", ""});
    domain::Conversion later = ours;
    later.rev = 3;
    later.AddHistory({Time{10}, "ftd", "cc", "amount", "", ""});
    auto comes = [&](const domain::Conversion& stored) {
        return ComesOf(Encode(stored), Encode(was), Encode(ours));
    };
    EXPECT_TRUE(comes(ours));
    EXPECT_TRUE(comes(later)) << "changed further";
    EXPECT_FALSE(comes(theirs)) << "the same revision of another command";
    EXPECT_FALSE(comes(was));
}

}  // namespace
}  // namespace barracuda::store
