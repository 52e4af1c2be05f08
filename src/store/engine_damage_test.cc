// Damage that Verify must find and repair, one kind at a time, and writes after a write error.
#include "store/engine_fixture.h"
#include "store/kv_verify.h"

namespace barracuda::store {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class DamageTest : public testing::TestWithParam<bool> {
protected:
    Store store_{GetParam()};
    KvEngine& engine() { return *store_.engine; }

    DamageTest() {
        std::vector<Write> writes;
        for (int i = 0; i < 5; ++i) {
            std::string click = "c" + std::to_string(i);
            writes.push_back(
                {DealRef(click),
                 std::nullopt,
                 Document({.click = click, .due = 10 + i, .owner = NodeId(i == 0 ? "" : "n1")})}
            );
        }
        writes.push_back({ContactRef("1"), std::nullopt, Contact("1", "x@y")});
        Commit(engine(), writes);
    }

    std::map<std::string, std::string> Dump(Space space) {
        std::map<std::string, std::string> all;
        auto it = store_.lent->Iterate(space);
        for (it->Seek(""); it->Valid(); it->Next()) all.emplace(it->Key(), it->Value());
        EXPECT_TRUE(it->Status());
        return all;
    }
    void Damage(Space space, KvChange::Kind kind, std::string key, std::string value = "") {
        KvChange change{space, kind, std::move(key), std::move(value)};
        ASSERT_TRUE(store_.lent->Apply(std::span(&change, 1)));
    }
    // Finds it, says so without touching it, repairs it to what was there before, then is silent.
    void FindsAndRepairs(const std::string& what, size_t findings = 1) {
        for (bool repair : {false, true}) {
            auto found = engine().Verify(repair);
            ASSERT_TRUE(found);
            EXPECT_THAT(*found, SizeIs(findings)) << repair;
            for (const auto& line : *found) EXPECT_THAT(line, HasSubstr(what));
        }
        auto found = engine().Verify(false);
        ASSERT_TRUE(found);
        EXPECT_THAT(*found, IsEmpty());
        EXPECT_EQ(Dump(Space::kIndexes), indexes_);
        EXPECT_EQ(Dump(Space::kWork), work_);
    }

    std::map<std::string, std::string> indexes_;
    std::map<std::string, std::string> work_;

    void SetUp() override {
        indexes_ = Dump(Space::kIndexes);
        work_ = Dump(Space::kWork);
    }
};

INSTANTIATE_TEST_SUITE_P(Kinds, DamageTest, testing::Bool(), [](const auto& info) {
    return std::string(info.param ? "RocksDB" : "Memory");
});

TEST_P(DamageTest, NothingIsFoundOnGoodData) {
    auto found = engine().Verify(true);
    ASSERT_TRUE(found);
    EXPECT_THAT(*found, IsEmpty());
    EXPECT_THAT(
        indexes_, SizeIs(5 * 6 + 3 + 2 + 6)
    );  // entries, a contact's three, two rollup rows, cells
    EXPECT_THAT(work_, SizeIs(5));
}

TEST_P(DamageTest, EveryMissingEntry) {
    for (auto space : {Space::kIndexes, Space::kWork}) {
        for (const auto& [key, value] : space == Space::kIndexes ? indexes_ : work_) {
            Damage(space, KvChange::Kind::kDelete, key);
            if (key[0] == kCellPrefix) {
                FindsAndRepairs("cells of the reports missing or wrong: 20");
                continue;
            }
            FindsAndRepairs(
                space == Space::kIndexes ? "index entry missing" : "work entry missing"
            );
        }
    }
}

TEST_P(DamageTest, EntriesWithoutADocument) {
    Ref ghost = DealRef("ghost");
    for (auto& entry : EntriesOf(ghost, domain::TopFields(Document({.click = "ghost"})))) {
        Damage(Space::kIndexes, KvChange::Kind::kPut, entry.key);
        FindsAndRepairs("index entry without");
    }
    for (const char* owner : {"", "n1"}) {
        std::string key;
        AppendText(key, owner);
        AppendDate(key, Time{3});
        key += '\x01' + ghost.key;
        Damage(Space::kWork, KvChange::Kind::kPut, key);
        FindsAndRepairs("work entry without");
    }
}

TEST_P(DamageTest, WrongRollups) {
    RollupValue one{.count = 1, .micros = 0};
    std::string rollup = indexes_.lower_bound("\x7f")->first;
    Damage(Space::kIndexes, KvChange::Kind::kAdd, rollup, one.Bytes());
    FindsAndRepairs("index entry missing or wrong");
    Damage(Space::kIndexes, KvChange::Kind::kPut, rollup, "short");
    FindsAndRepairs("index entry missing or wrong");
    Damage(Space::kIndexes, KvChange::Kind::kPut, rollup + "other", one.Bytes());
    FindsAndRepairs("index entry without");
    // What is counted after a repair still adds up.
    Put(engine(), DealRef("new"), std::nullopt, Document({.click = "new"}));
    EXPECT_EQ(engine().Rollup(Collection::kConversions)->at(0).count, 6);
}

TEST_P(DamageTest, WrongCells) {
    const auto cell = *indexes_.lower_bound(std::string(1, kCellPrefix));
    for (const std::string& value :
         {cell.second + cell.second, std::string("short"), std::string()}) {
        Damage(Space::kIndexes, KvChange::Kind::kPut, cell.first, value);
        FindsAndRepairs("cells of the reports missing or wrong");
    }
    Damage(Space::kIndexes, KvChange::Kind::kPut, cell.first + "x", cell.second);
    FindsAndRepairs("cells of the reports missing or wrong");
    Damage(Space::kIndexes, KvChange::Kind::kPut, CellPrefix(CellView::kSource, Time{}), "x");
    FindsAndRepairs("cells of the reports missing or wrong: 1970-01-01");
    // What is counted on a damaged cell is right after a repair, and stops no write before.
    Damage(Space::kIndexes, KvChange::Kind::kPut, cell.first, "short");
    Put(engine(), DealRef("c9"), std::nullopt, Document({.click = "c9"}));
    EXPECT_TRUE(engine().Verify(true));
    EXPECT_THAT(*engine().Verify(false), IsEmpty());
}

TEST_P(DamageTest, ADocumentUnderAnotherKeyIsNamed) {
    std::string bson = Document({.click = "c1"});
    Damage(Space::kDocuments, KvChange::Kind::kPut, '\x01' + DealRef("elsewhere").key, bson);
    auto found = engine().Verify(false);
    ASSERT_TRUE(found);
    EXPECT_THAT(*found, testing::Contains(HasSubstr("does not match its key")));
}

// Bytes that are no entry at all: nothing that reads stumbles, verify names and removes them.
TEST_P(DamageTest, EntriesThatAreNone) {
    const std::string due(8, '\x7e');
    for (const std::string& key :
         {std::string("no NUL"),
          std::string("n1\0", 3),
          std::string("n1\0", 3) + due,
          std::string(1, '\0'),
          std::string("\xff\xff\xff")}) {
        Damage(Space::kWork, KvChange::Kind::kPut, key);
        EXPECT_THAT(*engine().Work({.until = Time{100}}), SizeIs(5));
        EXPECT_EQ(*engine().WorkOwners(), (std::vector<NodeId>{"", "n1"}));
        ScanRequest waiting;
        waiting.index = IndexId::kConversionDue;
        EXPECT_THAT(engine().Scan(waiting)->documents, SizeIs(5));
        FindsAndRepairs("work entry without");
    }
    for (const auto& index : Indexes()) {
        const std::string id(1, static_cast<char>(index.id));
        for (const std::string& key : {id, id + "x", id + std::string(1, '\0') + "x"}) {
            Damage(Space::kIndexes, KvChange::Kind::kPut, key);
            ScanRequest request;
            request.collection = index.collection;
            request.index = index.id;
            for (bool descending : {false, true}) {
                request.descending = descending;
                EXPECT_TRUE(engine().Scan(request));
            }
            FindsAndRepairs("index entry without");
        }
    }
    Damage(Space::kIndexes, KvChange::Kind::kPut, "\xf0 above all");
    FindsAndRepairs("index entry without");
}

// A stored sum that is none ends neither the reading of others nor the writing.
TEST_P(DamageTest, ADamagedSumStopsNoWrites) {
    std::string rollup = indexes_.lower_bound("\x7f")->first;
    Damage(Space::kIndexes, KvChange::Kind::kPut, rollup, "short");
    EXPECT_FALSE(engine().Rollup(Collection::kConversions));
    Put(engine(), DealRef("new"), std::nullopt, Document({.click = "new"}));
    EXPECT_EQ(engine().Trouble(), std::nullopt);
    EXPECT_TRUE(engine().Verify(true));
    EXPECT_EQ(engine().Rollup(Collection::kConversions)->at(0).count, 6);
}

TEST_P(DamageTest, DocumentsThatAreNoneAreNamed) {
    domain::BsonWriter odd, nul;
    odd.Text("click_id", "c\xff");
    odd.Text("goal_id", "6");
    nul.Text("click_id", "n");
    nul.Text("goal_id", "6");
    nul.Text("affiliate_id", std::string_view("a\0b", 3));
    const struct {
        char collection;
        std::string key, bson;
        const char* finding;
    } kCases[] = {
        {'\2', "p", "no BSON", "contact p: not valid BSON"},
        {'\2', "p", "", "not valid BSON"},
        {'\2', "p", Contact("1", "x@y"), "contact p: the same email_key as another document"},
        {'\1', DealRef("c\xff").key, odd.Take(), "text that is not UTF-8"},
        {'\1', DealRef("n").key, nul.Take(), "conversion n 6 : a NUL in affiliate_id"},
        {'\x20', "k", Contact("1", "x@y"), "no known collection"},
    };
    for (const auto& one : kCases) {
        std::string key = one.collection + one.key;
        Damage(Space::kDocuments, KvChange::Kind::kPut, key, one.bson);
        ASSERT_TRUE(engine().Verify(true));
        auto found = engine().Verify(false);
        ASSERT_TRUE(found);
        EXPECT_THAT(*found, testing::ElementsAre(HasSubstr(one.finding)));
        ScanRequest contacts;
        contacts.collection = Collection::kContacts;
        EXPECT_TRUE(engine().Scan(contacts));
        Damage(Space::kDocuments, KvChange::Kind::kDelete, key);
        ASSERT_TRUE(engine().Verify(true));
    }
}

TEST_P(DamageTest, ManyFindingsAreNamedUpToABound) {
    for (size_t i = 0; i < FindingList::kNamedMax + 7; ++i) {
        Damage(Space::kWork, KvChange::Kind::kPut, "stray " + std::to_string(i));
    }
    auto found = engine().Verify(true);
    ASSERT_TRUE(found);
    EXPECT_THAT(*found, SizeIs(FindingList::kNamedMax + 1));
    EXPECT_EQ(found->back(), "and 7 more");
    EXPECT_THAT(*engine().Verify(false), IsEmpty()) << "all are repaired, named or not";
}

TEST_P(DamageTest, AnotherIndexVersionIsRebuiltAtOpen) {
    for (const auto& [key, value] : indexes_) Damage(Space::kIndexes, KvChange::Kind::kDelete, key);
    Damage(Space::kIndexes, KvChange::Kind::kPut, "\x70stale");
    Damage(Space::kDocuments, KvChange::Kind::kPut, std::string("\0index_version", 14), "0");
    store_.Reopen();
    EXPECT_EQ(Dump(Space::kIndexes), indexes_);
    EXPECT_EQ(Dump(Space::kDocuments)[std::string("\0index_version", 14)], DerivedVersion());
}

TEST(WriteError, RefusesAllWritesAndStillReads) {
    Store store(false);
    auto& engine = *store.engine;
    auto a = Document({.click = "a"});
    Put(engine, DealRef("a"), std::nullopt, a);
    EXPECT_EQ(engine.Trouble(), std::nullopt);
    store.memory->fail_writes = true;
    std::vector<Write> writes = {{DealRef("b"), std::nullopt, Document({.click = "b"})}};
    auto states = engine.Commit(writes);
    ASSERT_FALSE(states);
    EXPECT_EQ(states.error().code, ErrorCode::kUnavailable);
    store.memory->fail_writes = false;  // the disk is well again; the state is still unknown
    EXPECT_FALSE(engine.Commit(writes));
    ASSERT_TRUE(engine.Trouble());
    EXPECT_THAT(*engine.Trouble(), HasSubstr("until a restart"));
    EXPECT_EQ(Get(engine, DealRef("a")), a);
    EXPECT_EQ(Get(engine, DealRef("b")), std::nullopt);
    EXPECT_THAT(engine.Scan({})->documents, SizeIs(1));
    {
        const MutexLock lock(store.memory->mutex);
        store.memory->Own(Space::kWork)["damage"] = "";
    }
    EXPECT_TRUE(engine.Verify(false));
    EXPECT_FALSE(engine.Verify(true));
    store.Reopen();
    EXPECT_TRUE(store.engine->Commit(writes));
}

}  // namespace
}  // namespace barracuda::store
