// What is asked of MongoDB by all nodes all the time, and what is heard of its refusals.
#include <mutex>

#include "store/mongo/mongo_fixture.h"
#include "store/mongo/state.h"

namespace barracuda::store {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class MongoAskedTest : public MongoTest {};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(MongoAskedTest);
INSTANTIATE_TEST_SUITE_P(
    Server,
    MongoAskedTest,
    testing::ValuesIn(TestMongo() ? std::vector{Kind::kMongo} : std::vector<Kind>()),
    [](const auto& info) { return std::string(NameOf(info.param)); }
);

// What the operator hears.
class Told final : public FaultSink {
public:
    void Report(Fault kind, std::string_view subject, std::string_view what) override {
        std::lock_guard lock(mutex);
        all += NameOf(kind) + (' ' + std::string(subject)) + ": " + std::string(what) + '\n';
    }
    std::string Take() {
        std::lock_guard lock(mutex);
        return std::exchange(all, {});
    }

private:
    std::mutex mutex;
    std::string all;
};

TEST_P(MongoAskedTest, WhatIsRefusedForGoodHasItsReason) {
    Told told;
    auto options = database_.Options();
    options.deadline = std::chrono::milliseconds(800);
    options.faults = &told;
    auto node = MongoEngine::Open(options);
    ASSERT_TRUE(node);
    {
        auto lease = engine_->client().Take();
        ASSERT_TRUE(lease->Command(
            Bson::Json(R"({"collMod":"conversions","validator":{"affiliate_id":{"$ne":"bad"}}})")
        ));
    }
    auto stored = Document({.click = "s", .rev = 1});
    const std::vector<Write> writes = {
        {DealRef("a"), std::nullopt, Document({.click = "a"})},
        {DealRef("b"), std::nullopt, Document({.click = "b", .affiliate = "bad"})},
        {DealRef("s"), std::nullopt, stored}};
    auto results = (*node)->Commit(writes);
    ASSERT_TRUE(results);
    EXPECT_THAT(States(results->begin(), results->end()), ElementsAre(kApplied, kFailed, kApplied));
    EXPECT_THAT((*results)[1].why, HasSubstr("Document failed validation"));
    EXPECT_THAT((*results)[1].why, HasSubstr("121"));
    EXPECT_THAT(told.Take(), HasSubstr("store conversions: MongoDB: Document failed validation"));

    struct Case {
        const char* command;
        const char* how;
        const char* why;
        Write write;
    };
    const Write insert{DealRef("n"), std::nullopt, Document({.click = "n"})};
    const Write replace{DealRef("s"), stored, Document({.click = "s", .amount = "2", .rev = 2})};
    const Write remove{DealRef("s"), stored, std::nullopt};
    const Write key{{Collection::kApiKeys, "k"}, std::nullopt, domain::BsonWriter().Take()};
    for (const auto& [command, how, why, write] : std::vector<Case>{
             {"insert", R"("errorCode":13)", "failpoint", insert},
             {"update", R"("errorCode":13)", "failpoint", replace},
             {"delete", R"("errorCode":13)", "failpoint", remove},
             {"insert", R"("errorCode":2)", "failpoint", insert},
             {"insert", R"("errorCode":13)", "failpoint", key},
             {"insert", kNoPrimary, "failpoint", insert}}) {
        Fail(command, 0, how);
        auto refused = (*node)->Commit({&write, 1});
        FailPoint(R"({"configureFailPoint":"failCommand","mode":"off"})");
        ASSERT_TRUE(refused) << command << how;
        EXPECT_EQ(refused->front(), kFailed) << command << how;
        EXPECT_THAT(refused->front().why, HasSubstr(why)) << command << how;
        EXPECT_THAT(told.Take(), HasSubstr(why)) << command << how;
    }
    Fail("find", 0, R"("errorCode":13)");
    const Ref ref = DealRef("s");
    EXPECT_FALSE((*node)->Load({&ref, 1}));
    EXPECT_THAT(told.Take(), HasSubstr("store conversions: MongoDB:"));
}

// Whoever were left out would never be taken over from.
TEST_P(MongoAskedTest, EveryOwnerOfWorkIsFound) {
    std::vector<Write> writes;
    std::vector<NodeId> owners;
    for (int i = 0; i < 150; ++i) {
        owners.push_back(NodeId("boot" + std::to_string(1'000 + i)));
        std::string click = "w" + std::to_string(i);
        domain::BsonWriter to;
        to.Id("_id", ObjectId::New());
        to.Text("click_id", click);
        to.Text("goal_id", "6");
        to.Text("owner", owners.back().value);
        to.Date("due", Time{i == 149 ? 5 : 9'000'000'000'000});
        to.Int("rev", 1);
        writes.push_back({DealRef(click), std::nullopt, to.Take()});
    }
    Commit(engine(), writes);
    EXPECT_EQ(engine().WorkOwners().value(), owners);
    auto due = engine().Work({.until = Time{10}});
    ASSERT_TRUE(due);
    ASSERT_EQ(due->size(), 1u);
    EXPECT_EQ(due->front().owner, owners.back());
}

// The nodes ask these all the time, beside millions of documents.
TEST_P(MongoAskedTest, NothingThatIsAskedAllTheTimeReadsAWholeCollection) {
    std::vector<Write> writes;
    for (int i = 0; i < 20; ++i) {
        std::string click = "x" + std::to_string(i);
        writes.push_back({DealRef(click), std::nullopt, Document({.click = click})});
    }
    Commit(engine(), writes);
    auto run = [&](const char* json) {
        auto lease = engine_->client().Take();
        auto reply = lease->Command(Bson::Json(json));
        EXPECT_TRUE(reply) << reply.error().message;
        return reply ? bson_as_canonical_extended_json(reply->get(), nullptr) : nullptr;
    };
    bson_free(run(R"({"profile":2})"));
    for (Collection collection : {Collection::kConversions, Collection::kContacts}) {
        const std::vector<NodeId> owners = {"a", ""};
        EXPECT_TRUE(engine().Work({.collection = collection, .until = Time{9}}));
        EXPECT_TRUE(engine().Work({.collection = collection, .until = Time{9}, .owners = owners}));
        EXPECT_TRUE(engine().Work(
            {.collection = collection, .until = Time{9}, .owners = owners, .from = Time{1}}
        ));
    }
    EXPECT_TRUE(engine().WorkOwners());
    for (Collection collection :
         {Collection::kNodes, Collection::kApiKeys, Collection::kSessions, Collection::kAdmins}) {
        ScanRequest all;
        all.collection = collection;
        EXPECT_TRUE(engine().Scan(all));
    }
    ScanRequest some;
    some.collection = Collection::kSettings;
    some.key_prefix = "stop:";
    EXPECT_TRUE(engine().Scan(some));
    const std::vector<std::string> values = {"x1", "x2"};
    EXPECT_TRUE(engine().FindAny(IndexId::kContactSub1, values));
    EXPECT_TRUE(engine().FindAny(IndexId::kContactClick, values));
    const std::vector<Ref> refs = {DealRef("x1"), {Collection::kSettings, "goal_rules"}};
    EXPECT_TRUE(engine().Load(refs));
    bson_free(run(R"({"profile":0})"));
    char* seen = run(R"({"count":"system.profile","query":{"op":"query"}})");
    EXPECT_THAT(seen, Not(HasSubstr(R"("n" : { "$numberInt" : "0" })"))) << "control: it looks";
    bson_free(seen);
    char* whole = run(
        R"({"find":"system.profile","filter":{"planSummary":"COLLSCAN","op":{"$in":["query","update"]}},)"
        R"("projection":{"ns":1,"command.filter":1}})"
    );
    EXPECT_THAT(whole, HasSubstr(R"("firstBatch" : [  ])"));
    bson_free(whole);
}

// A removal or an edit that hung in a failover, and lands when somebody has made the document anew.
TEST_P(MongoAskedTest, ADocumentMadeAnewIsNotTheOneThatWasRead) {
    for (const char* made : {"since", "createdAt"}) {
        const Ref ref{Collection::kSettings, std::string("stop:") + made};
        auto stop = [&](int64_t at, int64_t rev) {
            domain::BsonWriter to;
            to.Text("_id", ref.key);
            to.Date(made, Time{at});
            to.Int("rev", rev);
            return to.Take();
        };
        const auto first = stop(1'000, 1), second = stop(2'000, 1);
        ASSERT_EQ(Put(engine(), ref, std::nullopt, first), kApplied);
        ASSERT_EQ(Put(engine(), ref, first, std::nullopt), kApplied);
        ASSERT_EQ(Put(engine(), ref, std::nullopt, second), kApplied);
        EXPECT_EQ(Put(engine(), ref, first, std::nullopt), kLost);
        EXPECT_EQ(Put(engine(), ref, first, stop(1'000, 2)), kLost);
        EXPECT_EQ(Get(engine(), ref), second);
        EXPECT_EQ(Put(engine(), ref, second, stop(2'000, 2)), kApplied);
    }
}

// The first address of a drop-in may name another database than the old application's.
TEST_P(MongoAskedTest, OtherDatabasesWithConversionsAreNamed) {
    TempDatabase old, foreign;
    With(old, "conversions", R"({"click_id":"c1","goal_id":"6"})");
    With(foreign, "conversions", R"({"campaign":5})");
    EXPECT_FALSE(HoldsConversions(engine_->client()).value());
    auto others = OthersWithConversions(engine_->client());
    ASSERT_TRUE(others) << others.error().message;
    EXPECT_THAT(*others, Not(Contains(foreign.name())));
    EXPECT_THAT(*others, Not(Contains(database_.name())));
    // Of the databases that other tests keep meanwhile only a few are named.
    EXPECT_FALSE(others->empty());
}

}  // namespace
}  // namespace barracuda::store
