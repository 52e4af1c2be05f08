// What every store must do, on memory, RocksDB and MongoDB: writes, scans, work, rollups.
// Damage and write errors: engine_damage_test.cc.
#include <thread>

#include "domain/contact.h"
#include "store/engine_fixture.h"

namespace barracuda::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

constexpr auto kApplied = WriteState::kApplied;
constexpr auto kLost = WriteState::kLost;
constexpr auto kRefused = WriteState::kRefused;

class EngineTest : public testing::TestWithParam<Kind> {
protected:
    AnyStore store_{GetParam()};
    Engine& engine() { return store_.engine(); }

    void NothingWrong() {
        auto findings = engine().Verify(false);
        ASSERT_TRUE(findings);
        EXPECT_THAT(*findings, IsEmpty());
    }
    std::vector<std::string> All(ScanRequest request) {
        std::vector<std::string> documents;
        for (int pages = 0; pages < 1000; ++pages) {
            auto page = engine().Scan(request);
            EXPECT_TRUE(page);
            if (!page) return documents;
            EXPECT_LE(page->documents.size(), request.limit);
            for (auto& d : page->documents) documents.push_back(std::move(d));
            if (page->cursor.empty()) return documents;
            request.cursor = page->cursor;
        }
        ADD_FAILURE() << "a scan that never ends";
        return documents;
    }
    std::vector<std::string> Clicks(const ScanRequest& request) {
        std::vector<std::string> clicks;
        for (const auto& d : All(request)) clicks.push_back(*domain::TopText(d, "click_id"));
        return clicks;
    }
};

INSTANTIATE_TEST_SUITE_P(Kinds, EngineTest, testing::ValuesIn(Kinds()), [](const auto& info) {
    return std::string(NameOf(info.param));
});

TEST(Ref, ComesBackAsTheKey) {
    for (const char* occurrence : {"", "tx-1"}) {
        domain::ConversionKey key{ClickId("c"), GoalId("6"), occurrence};
        EXPECT_EQ(ConversionKeyOf(RefOf(key)), key);
    }
    EXPECT_NE(RefOf({ClickId("a"), GoalId("bc"), ""}), RefOf({ClickId("ab"), GoalId("c"), ""}));
}

TEST_P(EngineTest, PreconditionsOrLostAndLostChangesNothing) {
    auto one = Document({.rev = 1}), two = Document({.amount = "2", .rev = 2});
    Ref ref = DealRef("c1");
    EXPECT_EQ(Put(engine(), ref, one, two), kLost) << "nothing is stored";
    EXPECT_EQ(Put(engine(), ref, one, std::nullopt), kLost);
    EXPECT_EQ(Put(engine(), ref, std::nullopt, one), kApplied);
    EXPECT_EQ(Put(engine(), ref, std::nullopt, two), kLost) << "something is stored";
    EXPECT_EQ(Get(engine(), ref), one);
    EXPECT_EQ(Put(engine(), ref, one, two), kApplied);
    EXPECT_EQ(Put(engine(), ref, one, Document({.amount = "3", .rev = 2})), kLost);
    EXPECT_EQ(Get(engine(), ref), two);
    EXPECT_EQ(Put(engine(), ref, two, std::nullopt), kApplied);
    EXPECT_EQ(Get(engine(), ref), std::nullopt);
    EXPECT_EQ(Put(engine(), ref, std::nullopt, one), kApplied);
    NothingWrong();
}

TEST_P(EngineTest, SeveralWritesOfOneDocumentInOneBatch) {
    auto one = Document({.rev = 1}), two = Document({.amount = "2", .rev = 2});
    auto three = Document({.affiliate = "a2", .amount = "3", .rev = 3, .due = 9});
    Ref ref = DealRef("c1");
    EXPECT_THAT(
        Commit(
            engine(),
            {{ref, std::nullopt, one}, {ref, one, two}, {ref, one, three}, {ref, two, three}}
        ),
        ElementsAre(kApplied, kApplied, kLost, kLost)
    ) << "after a lost write the rest of that document is decided again";
    EXPECT_EQ(Get(engine(), ref), two);
    EXPECT_THAT(
        Commit(engine(), {{ref, two, three}, {ref, three, std::nullopt}}),
        ElementsAre(kApplied, kApplied)
    );
    EXPECT_EQ(Get(engine(), ref), std::nullopt);
    NothingWrong();
}

TEST_P(EngineTest, AWriteBuiltOnALostOneIsLost) {
    Ref ref = DealRef("c1");
    auto stored = Document({.affiliate = "theirs", .rev = 2});
    ASSERT_EQ(Put(engine(), ref, std::nullopt, stored), kApplied);
    auto one = Document({.affiliate = "ours", .rev = 1});
    auto two = Document({.affiliate = "ours", .rev = 2});
    auto three = Document({.affiliate = "ours", .rev = 3});
    // `two` is what we decided, never stored; what is stored only has the same revision.
    EXPECT_THAT(Commit(engine(), {{ref, one, two}, {ref, two, three}}), ElementsAre(kLost, kLost));
    EXPECT_EQ(Get(engine(), ref), stored);
    NothingWrong();
}

TEST_P(EngineTest, LoadsInOneCallWithAbsentOnes) {
    auto a = Document({.click = "a"}), b = Document({.click = "b"});
    Commit(engine(), {{DealRef("a"), std::nullopt, a}, {DealRef("b"), std::nullopt, b}});
    std::vector<Ref> refs = {DealRef("b"), DealRef("x"), DealRef("a"), DealRef("b")};
    auto loaded = engine().Load(refs);
    ASSERT_TRUE(loaded);
    EXPECT_THAT(
        *loaded, ElementsAre(std::optional(b), std::nullopt, std::optional(a), std::optional(b))
    );
    auto none = engine().Load({});
    ASSERT_TRUE(none);
    EXPECT_THAT(*none, IsEmpty());
    EXPECT_THAT(Commit(engine(), {}), IsEmpty());
}

TEST_P(EngineTest, CommitAfterLoadStillSeesAnotherCommitBetween) {
    Ref ref = DealRef("c1");
    auto one = Document({.rev = 1});
    EXPECT_EQ(Get(engine(), ref), std::nullopt);
    EXPECT_EQ(Put(engine(), ref, std::nullopt, one), kApplied);
    EXPECT_EQ(Put(engine(), ref, std::nullopt, one), kLost);
}

TEST_P(EngineTest, UniqueIndexRefuses) {
    EXPECT_EQ(Put(engine(), ContactRef("1"), std::nullopt, Contact("1", "x@y")), kApplied);
    EXPECT_EQ(Put(engine(), ContactRef("2"), std::nullopt, Contact("2", "x@y")), kRefused);
    EXPECT_EQ(Get(engine(), ContactRef("2")), std::nullopt);
    EXPECT_EQ(Put(engine(), ContactRef("2"), std::nullopt, Contact("2", "x@yz")), kApplied);
    // Its own value again is no clash.
    EXPECT_EQ(
        Put(engine(), ContactRef("1"), Contact("1", "x@y"), Contact("1", "x@y", 2)), kApplied
    );
    // Within one batch: the first takes it.
    EXPECT_THAT(
        Commit(
            engine(),
            {{ContactRef("3"), std::nullopt, Contact("3", "n@n")},
             {ContactRef("4"), std::nullopt, Contact("4", "n@n")}}
        ),
        ElementsAre(kApplied, kRefused)
    );
    // Freed in the batch, taken by another, then taken for its first holder.
    EXPECT_THAT(
        Commit(
            engine(),
            {{ContactRef("1"), Contact("1", "x@y", 2), Contact("1", "w@w", 3)},
             {ContactRef("5"), std::nullopt, Contact("5", "x@y")},
             {ContactRef("1"), Contact("1", "w@w", 3), Contact("1", "x@y", 4)}}
        ),
        ElementsAre(kApplied, kApplied, kRefused)
    );
    // Freed by a delete, and swapped back within one batch.
    EXPECT_THAT(
        Commit(
            engine(),
            {{ContactRef("5"), Contact("5", "x@y"), std::nullopt},
             {ContactRef("1"), Contact("1", "w@w", 3), Contact("1", "x@y", 4)},
             {ContactRef("6"), std::nullopt, Contact("6", "w@w")},
             {ContactRef("7"), std::nullopt, Contact("7", "x@y")}}
        ),
        ElementsAre(kApplied, kApplied, kApplied, kRefused)
    );
    NothingWrong();
}

TEST_P(EngineTest, ScansGiveOneSequenceWhateverThePageSize) {
    constexpr int kCount = 23;
    std::vector<Write> writes;
    for (int i = 0; i < kCount; ++i) {
        std::string click = "c" + std::to_string(100 + i);
        std::string affiliate = i % 3 == 0 ? "a" : i % 3 == 1 ? "ab" : "b";
        int64_t created = (i * 7 % 11) - 5;  // negative dates and equal ones too
        writes.push_back(
            {DealRef(click),
             std::nullopt,
             Document({.click = click, .affiliate = affiliate, .created = created})}
        );
    }
    writes.push_back({ContactRef("1"), std::nullopt, Contact("1", "x@y")});
    Commit(engine(), writes);
    std::vector<ScanRequest> requests(5);
    requests[1].index = IndexId::kConversionCreated;
    requests[2].index = IndexId::kConversionAffiliate;
    requests[2].equal = {"a"};
    requests[3].index = IndexId::kConversionCreated;
    requests[3].from = Time{-2};
    requests[3].to = Time{3};
    requests[4].index = IndexId::kConversionAffiliate;
    requests[4].equal = {"ab"};
    requests[4].from = Time{0};
    for (auto& request : requests) {
        request.limit = 1000;
        auto up = Clicks(request);
        request.descending = true;
        auto down = Clicks(request);
        EXPECT_EQ(down, std::vector<std::string>(up.rbegin(), up.rend()));
        std::vector<std::pair<int64_t, std::string>> expected;
        for (int i = 0; i < kCount; ++i) {
            int64_t created = (i * 7 % 11) - 5;
            std::string affiliate = i % 3 == 0 ? "a" : i % 3 == 1 ? "ab" : "b";
            if (!request.equal.empty() && request.equal[0] != affiliate) continue;
            if (request.from && created < request.from->ms) continue;
            if (request.to && created >= request.to->ms) continue;
            expected.emplace_back(request.index ? created : 0, "c" + std::to_string(100 + i));
        }
        std::sort(expected.begin(), expected.end());
        std::vector<std::string> clicks;
        for (auto& [created, click] : expected) clicks.push_back(click);
        EXPECT_FALSE(clicks.empty());
        EXPECT_EQ(up, clicks);
        for (size_t limit = 1; limit <= up.size() + 1; ++limit) {
            request.limit = limit;
            request.descending = false;
            EXPECT_EQ(Clicks(request), up) << limit;
            request.descending = true;
            EXPECT_EQ(Clicks(request), down) << limit;
        }
    }
    ScanRequest none;
    none.index = IndexId::kConversionCreated;
    none.from = Time{3};
    none.to = Time{-3};
    for (bool descending : {false, true}) {
        none.descending = descending;
        EXPECT_THAT(Clicks(none), IsEmpty());
    }
}

TEST_P(EngineTest, ScansByKeyPrefixAndByUniqueValue) {
    for (const char* click : {"a", "ab", "b"}) {
        Put(engine(), DealRef(click), std::nullopt, Document({.click = click}));
    }
    ScanRequest request;
    request.key_prefix = "a";
    EXPECT_THAT(Clicks(request), ElementsAre("a", "ab"));
    request.key_prefix.clear();
    request.equal = {"a"};
    EXPECT_THAT(Clicks(request), ElementsAre("a"));
    Put(engine(), ContactRef("1"), std::nullopt, Contact("1", "x@y"));
    ScanRequest email;
    email.collection = Collection::kContacts;
    email.index = IndexId::kContactEmail;
    email.equal = {"x@y"};
    EXPECT_THAT(All(email), ElementsAre(Contact("1", "x@y")));
    email.equal = {"x@"};
    EXPECT_THAT(All(email), IsEmpty());
}

TEST_P(EngineTest, ScansWhileAnotherThreadWrites) {
    constexpr int kCount = 20;
    std::vector<Write> writes;
    for (int i = 0; i < kCount; ++i) {
        std::string click = "c" + std::to_string(100 + i);
        writes.push_back({DealRef(click), std::nullopt, Document({.click = click})});
    }
    Commit(engine(), writes);
    std::jthread writer([&] {
        for (int i = 0; i < 60; ++i) {
            std::string click = "z" + std::to_string(100 + i);
            Put(engine(), DealRef(click), std::nullopt, Document({.click = click}));
        }
    });
    size_t before = 0;
    for (int i = 0; i < 30; ++i) {
        ScanRequest request;
        request.limit = 1000;
        auto clicks = Clicks(request);
        EXPECT_GE(clicks.size(), static_cast<size_t>(kCount));
        EXPECT_GE(clicks.size(), before);
        before = clicks.size();
        EXPECT_TRUE(std::is_sorted(clicks.begin(), clicks.end()));
    }
}

TEST(KvEngine, IteratorIsASnapshot) {
    for (bool rocks : {false, true}) {
        Store store(rocks);
        Put(*store.engine, DealRef("a"), std::nullopt, Document({.click = "a"}));
        auto it = store.lent->Iterate(Space::kDocuments);
        Put(*store.engine, DealRef("b"), std::nullopt, Document({.click = "b"}));
        int count = 0;
        for (it->Seek("\x01"); it->Valid(); it->Next()) ++count;
        EXPECT_EQ(count, 1);
        EXPECT_TRUE(it->Status());
    }
}

TEST_P(EngineTest, WorkOfOneCollectionDoesNotStandInFrontOfAnothers) {
    std::vector<Write> writes;
    for (const char* click : {"c1", "c2", "c3"}) {
        auto document = Document({.click = click, .due = 1, .owner = "n1"});
        writes.push_back({DealRef(click), std::nullopt, std::move(document)});
    }
    domain::Contact contact;
    contact.id = ObjectId::New();
    contact.email = "a@b.example";
    contact.owner = "n1";
    contact.rev = 1;
    contact.flow.step = domain::FlowStep::kAcquire;
    contact.flow.next_at = Time{2};
    writes.push_back({ContactRef(contact.id.Hex()), std::nullopt, domain::Encode(contact)});
    Commit(engine(), writes);
    for (auto owners : {std::optional<std::vector<NodeId>>(), {{NodeId("n1")}}}) {
        for (std::optional<Time> from : {std::optional<Time>(), {Time{1}}}) {
            WorkQuery query{.until = Time{9}, .limit = 2, .owners = owners, .from = from};
            EXPECT_THAT(*engine().Work(query), SizeIs(2));
            query.collection = Collection::kContacts;
            auto items = engine().Work(query);
            ASSERT_THAT(*items, SizeIs(1));
            EXPECT_EQ(items->front().ref, ContactRef(contact.id.Hex()));
            EXPECT_EQ(items->front().due, Time{2});
        }
    }
    EXPECT_THAT(*engine().WorkOwners(), UnorderedElementsAre(NodeId("n1")));
    NothingWrong();
}

TEST_P(EngineTest, WorkIsOrderedByOwnerThenDue) {
    std::vector<Write> writes;
    auto add = [&](const std::string& click, const NodeId& owner, int64_t due) {
        writes.push_back(
            {DealRef(click), std::nullopt, Document({.click = click, .due = due, .owner = owner})}
        );
    };
    add("c1", "n2", 30);
    add("c2", "n1", 20);
    add("c3", "n1", 10);
    add("c4", "n1", 99);
    add("c5", "n10", 5);
    add("c6", "", 7);
    writes.push_back({DealRef("idle"), std::nullopt, Document({.click = "idle"})});
    Commit(engine(), writes);
    auto names = [&](int64_t until, size_t limit) {
        auto items = engine().Work({.until = Time{until}, .limit = limit});
        EXPECT_TRUE(items);
        std::vector<std::string> out;
        for (auto& item : *items) {
            out.push_back(
                item.owner.value + ":" + std::to_string(item.due.ms) + ":" +
                ConversionKeyOf(item.ref).click.value
            );
        }
        return out;
    };
    EXPECT_THAT(
        names(50, 100), ElementsAre(":7:c6", "n1:10:c3", "n1:20:c2", "n10:5:c5", "n2:30:c1")
    );
    EXPECT_THAT(names(10, 100), ElementsAre(":7:c6", "n1:10:c3", "n10:5:c5"));
    EXPECT_THAT(names(1000, 3), SizeIs(3));
    EXPECT_THAT(names(4, 100), IsEmpty());
    EXPECT_THAT(
        *engine().WorkOwners(),
        UnorderedElementsAre(NodeId(""), NodeId("n1"), NodeId("n10"), NodeId("n2"))
    );
    auto clicks_of = [&](std::vector<NodeId> owners, size_t limit) {
        auto items = engine().Work({.until = Time{50}, .limit = limit, .owners = owners});
        std::vector<std::string> clicks;
        for (auto& item : *items) clicks.push_back(ConversionKeyOf(item.ref).click.value);
        return clicks;
    };
    EXPECT_THAT(clicks_of({"n2", "n1"}, 100), ElementsAre("c1", "c3", "c2")) << "in their order";
    EXPECT_THAT(clicks_of({"n1", "n2"}, 2), ElementsAre("c3", "c2"));
    EXPECT_THAT(clicks_of({""}, 100), ElementsAre("c6"));
    EXPECT_THAT(clicks_of({"n", "n3"}, 100), IsEmpty());
    EXPECT_THAT(clicks_of({}, 100), IsEmpty()) << "nobody's is not everybody's";
    auto clicks_from = [&](int64_t from, std::optional<std::vector<NodeId>> owners) {
        WorkQuery query{.until = Time{50}, .owners = owners, .from = Time{from}};
        std::vector<std::string> clicks;
        auto items = engine().Work(query);
        for (auto& item : *items) {
            clicks.push_back(ConversionKeyOf(item.ref).click.value);
        }
        return clicks;
    };
    EXPECT_THAT(clicks_from(20, {{"n2", "n1"}}), ElementsAre("c1", "c2")) << "inclusive";
    EXPECT_THAT(clicks_from(11, {{"n1"}}), ElementsAre("c2"));
    EXPECT_THAT(clicks_from(10, {}), ElementsAre("c3", "c2", "c1"));
    EXPECT_THAT(clicks_from(51, {}), IsEmpty());
    NothingWrong();
    auto was = Document({.click = "c3", .due = 10, .owner = "n1"});
    auto moved = Document({.click = "c3", .rev = 2, .due = 60, .owner = "n2"});
    Put(engine(), DealRef("c3"), was, moved);
    EXPECT_THAT(names(10, 100), ElementsAre(":7:c6", "n10:5:c5"));
    Put(engine(), DealRef("c3"), moved, Document({.click = "c3", .rev = 3}));
    Put(engine(), DealRef("c5"), Document({.click = "c5", .due = 5, .owner = "n10"}), std::nullopt);
    EXPECT_THAT(names(1000, 100), ElementsAre(":7:c6", "n1:20:c2", "n1:99:c4", "n2:30:c1"));
    NothingWrong();
}

TEST_P(EngineTest, FindsAnyOfManyValues) {
    std::vector<Write> writes;
    for (int i = 0; i < 5; ++i) {
        domain::BsonWriter to;
        to.Text("sub1", "s" + std::to_string(i % 3));
        to.Int("rev", 1);
        to.Int("n", i);
        writes.push_back({ContactRef(std::to_string(i)), std::nullopt, to.Take()});
    }
    Commit(engine(), writes);
    auto find = [&](std::vector<std::string> values) {
        std::vector<std::string> found;
        auto documents = engine().FindAny(IndexId::kContactSub1, values);
        for (auto& document : *documents) {
            found.push_back(*domain::TopText(document, "n"));
        }
        return found;
    };
    EXPECT_THAT(find({"s0", "s2", "s9"}), UnorderedElementsAre("0", "3", "2"));
    EXPECT_THAT(find({"s"}), IsEmpty()) << "whole values only";
    EXPECT_THAT(find({}), IsEmpty());
}

TEST_P(EngineTest, RollupsAddAndMoveBetweenGroups) {
    auto a = Document({.click = "a", .amount = "0.000001"});
    auto b = Document({.click = "b", .amount = "1000000000000"});
    Commit(engine(), {{DealRef("a"), std::nullopt, a}, {DealRef("b"), std::nullopt, b}});
    auto rows = engine().Rollup(Collection::kConversions);
    ASSERT_TRUE(rows);
    ASSERT_THAT(*rows, SizeIs(1));
    EXPECT_THAT((*rows)[0].group, ElementsAre("2023-11", "a1", "deposit", "pending", "USD", ""));
    EXPECT_EQ((*rows)[0].count, 2);
    EXPECT_TRUE((*rows)[0].micros == __int128{1'000'000'000'000} * 1'000'000 + 1);
    auto moved = Document({.click = "a", .affiliate = "a2", .amount = "5", .rev = 2});
    Put(engine(), DealRef("a"), a, moved);
    rows = engine().Rollup(Collection::kConversions);
    ASSERT_THAT(*rows, SizeIs(2));
    EXPECT_EQ((*rows)[0].count, 1);
    EXPECT_EQ((*rows)[1].count, 1);
    EXPECT_TRUE((*rows)[1].micros == 5'000'000);
    Put(engine(), DealRef("a"), moved, std::nullopt);
    rows = engine().Rollup(Collection::kConversions);
    EXPECT_THAT(*rows, SizeIs(1)) << "an empty group is not shown";
    EXPECT_THAT(*engine().Rollup(Collection::kContacts), IsEmpty());
    NothingWrong();
}

// The old application's database may hold anything there; both engines count it alike.
TEST_P(EngineTest, RollupsLeaveOutWhatIsNoMoney) {
    int i = 0;
    for (const char* amount : {"5", "-4", "1000000000001", "abc", "1e300", "NaN"}) {
        const auto click = std::to_string(i++);
        Put(engine(), DealRef(click), std::nullopt, Document({.click = click, .amount = amount}));
    }
    auto rows = engine().Rollup(Collection::kConversions);
    ASSERT_THAT(*rows, SizeIs(1));
    EXPECT_EQ((*rows)[0].count, 6);
    EXPECT_TRUE((*rows)[0].micros == 5'000'000);
    NothingWrong();
}

TEST_P(EngineTest, ReopenKeepsEverything) {
    auto a = Document({.click = "a", .due = 5});
    Put(engine(), DealRef("a"), std::nullopt, a);
    Put(engine(), ContactRef("1"), std::nullopt, Contact("1", "x@y"));
    for (int i = 0; i < 2; ++i) {
        store_.Reopen();
        EXPECT_EQ(Get(engine(), DealRef("a")), a);
        EXPECT_EQ(Put(engine(), ContactRef("2"), std::nullopt, Contact("2", "x@y")), kRefused);
        EXPECT_THAT(*engine().Work({.until = Time{5}}), SizeIs(1));
        EXPECT_EQ(engine().Rollup(Collection::kConversions)->at(0).count, 1);
        NothingWrong();
    }
}

}  // namespace
}  // namespace barracuda::store
