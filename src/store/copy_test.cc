// A copy of a store: whole, from any engine into any other, also after it was broken off.
#include "store/copy.h"

#include "domain/contact.h"
#include "store/document_ref.h"
#include "store/engine_fixture.h"
#include "store/forwarding_engine.h"

namespace barracuda::store {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Passes everything on until `commits` are used up; then the machine has gone.
class Mortal final : public ForwardingEngine {
public:
    Mortal(Engine& engine, int commits) : ForwardingEngine(engine), commits_(commits) {}

    Result<std::vector<WriteResult>> Commit(std::span<const Write> writes) override {
        if (--commits_ < 0) return Fail(ErrorCode::kInternal, "killed");
        return ForwardingEngine::Commit(writes);
    }

private:
    int commits_;
};

std::string Plain(const char* id, int64_t n) {
    domain::BsonWriter to;
    to.Text("_id", id);
    to.Int("n", n);
    to.Int("rev", 1);
    return to.Take();
}

void Fill(Engine& engine) {
    std::vector<Write> writes;
    for (int i = 0; i < 60; ++i) {
        Deal deal{.click = "click" + std::to_string(100 + i)};
        if (i % 7 == 0) deal.due = 1'700'000'000'000 + i;
        writes.push_back({DealRef(deal.click), std::nullopt, Document(deal)});
        domain::Contact contact;
        contact.id = ObjectId::New();
        contact.email = contact.email_key = deal.click + "@example.com";
        contact.sub1 = deal.click;
        contact.created = contact.updated = Time{5};
        contact.rev = 1;
        writes.push_back({{Collection::kContacts, contact.id.Hex()}, {}, Encode(contact)});
    }
    domain::Conversion twice = *domain::DecodeConversion(Document({.click = "twice"}));
    for (const char* occurrence : {"t1", "t2"}) {
        twice.id = ObjectId::New();
        twice.key.occurrence = occurrence;
        writes.push_back({RefOf(twice.key), std::nullopt, Encode(twice)});
    }
    for (auto collection :
         {Collection::kAdmins,
          Collection::kSessions,
          Collection::kApiKeys,
          Collection::kNodes,
          Collection::kSettings}) {
        writes.push_back({{collection, "one"}, std::nullopt, Plain("one", 1)});
        writes.push_back({{collection, "two"}, std::nullopt, Plain("two", 2)});
    }
    auto states = engine.Commit(writes);
    ASSERT_TRUE(states) << states.error().message;
    EXPECT_THAT(*states, testing::Each(WriteState::kApplied));
}

void ExpectSame(Engine& from, Engine& to) {
    for (auto collection : kCollections) {
        auto one = FingerprintOf(from, collection, {}), other = FingerprintOf(to, collection, {});
        ASSERT_TRUE(one && other);
        EXPECT_GT(one->documents, 0) << NameOf(collection);
        EXPECT_EQ(*one, *other) << NameOf(collection);
        EXPECT_EQ(from.Rollup(collection).value().size(), to.Rollup(collection).value().size());
    }
    WorkQuery query{.until = Time{INT64_MAX}, .limit = 1'000};
    EXPECT_EQ(from.Work(query).value().size(), to.Work(query).value().size());
    EXPECT_THAT(to.Verify(false).value(), IsEmpty());
}

struct CopyTest : testing::TestWithParam<std::pair<Kind, Kind>> {
    AnyStore from{GetParam().first}, to{GetParam().second};
    CopyOptions options{.source = "somewhere", .page = 7};
    void SetUp() override { Fill(from.engine()); }
};

std::vector<std::pair<Kind, Kind>> Pairs() {
    std::vector<std::pair<Kind, Kind>> pairs;
    for (auto one : Kinds()) {
        for (auto other : Kinds()) {
            if (one != other) pairs.emplace_back(one, other);
        }
    }
    return pairs;
}
INSTANTIATE_TEST_SUITE_P(Kinds, CopyTest, testing::ValuesIn(Pairs()), [](const auto& info) {
    return std::string(NameOf(info.param.first)) + "To" + NameOf(info.param.second);
});

TEST_P(CopyTest, IsTheSameStore) {
    auto report = CopyStore(from.engine(), to.engine(), options);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->copied, 60 * 2 + 2 + 10);
    EXPECT_FALSE(report->resumed);
    EXPECT_EQ(report->collections.size(), 7u);
    ExpectSame(from.engine(), to.engine());
    EXPECT_EQ(UnfinishedMigration(to.engine()).value(), std::nullopt);
}

TEST_P(CopyTest, GoesOnAfterAKillAnywhere) {
    int64_t copied = 0;
    for (int commits : {1, 2, 3, 5, 8, 13, 21, 34, 1'000}) {
        Mortal mortal(to.engine(), commits);
        auto report = CopyStore(from.engine(), mortal, options);
        if (report) {
            EXPECT_TRUE(report->resumed);
            copied = report->copied;
            break;
        }
        ASSERT_EQ(report.error().message, "killed");
        EXPECT_EQ(UnfinishedMigration(to.engine()).value(), "somewhere");
    }
    EXPECT_GT(copied, 0);
    EXPECT_LT(copied, 60 * 2 + 2 + 10) << "the last run did the rest alone";
    ExpectSame(from.engine(), to.engine());
}

TEST_P(CopyTest, OnceMoreOnlyCompares) {
    ASSERT_TRUE(CopyStore(from.engine(), to.engine(), options));
    auto again = CopyStore(from.engine(), to.engine(), options);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->copied, 0);
    Write late{{Collection::kSettings, "late"}, std::nullopt, Plain("late", 1)};
    ASSERT_TRUE(to.engine().Commit(std::span(&late, 1)));
    auto served = CopyStore(from.engine(), to.engine(), options);
    ASSERT_FALSE(served) << "it lives on its own by now";
    EXPECT_THAT(served.error().message, HasSubstr("leave it as it is"));
    EXPECT_THAT(served.error().message, Not(HasSubstr("Empty the target")));
    EXPECT_EQ(UnfinishedMigration(to.engine()).value(), std::nullopt);
}

TEST_P(CopyTest, NeverMixes) {
    Write theirs{{Collection::kApiKeys, "k"}, std::nullopt, Plain("k", 1)};
    ASSERT_TRUE(to.engine().Commit(std::span(&theirs, 1)));
    auto mixed = CopyStore(from.engine(), to.engine(), options);
    ASSERT_FALSE(mixed);
    EXPECT_EQ(mixed.error().code, ErrorCode::kConflict);
    EXPECT_THAT(mixed.error().message, HasSubstr("api_keys"));
    std::swap(theirs.before, theirs.after);
    ASSERT_TRUE(to.engine().Commit(std::span(&theirs, 1)));
    Mortal mortal(to.engine(), 3);
    ASSERT_FALSE(CopyStore(from.engine(), mortal, options));
    options.source = "elsewhere";
    auto other = CopyStore(from.engine(), to.engine(), options);
    ASSERT_FALSE(other);
    EXPECT_THAT(other.error().message, HasSubstr("unfinished copy of somewhere"));
}

TEST_P(CopyTest, SaysWhenSomebodyWroteMeanwhile) {
    options.progress = [&, written = false](const CopyProgress& now) mutable {
        if (!now.comparing || std::exchange(written, true)) return;
        Write late{{Collection::kSettings, "late"}, std::nullopt, Plain("late", 1)};
        ASSERT_TRUE(from.engine().Commit(std::span(&late, 1)));
    };
    for (int i = 0; i < 1'000; ++i) {  // so that the comparison shows progress
        Write more{{Collection::kSessions, std::to_string(i)}, std::nullopt, Plain("", i)};
        more.after = Plain(std::to_string(i).c_str(), i);
        ASSERT_TRUE(from.engine().Commit(std::span(&more, 1)));
    }
    auto report = CopyStore(from.engine(), to.engine(), options);
    ASSERT_FALSE(report);
    EXPECT_THAT(report.error().message, HasSubstr("settings is not the same"));
    EXPECT_EQ(UnfinishedMigration(to.engine()).value(), "somewhere") << "nobody serves from it";
}

}  // namespace
}  // namespace barracuda::store
