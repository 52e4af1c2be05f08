// Lists of deliveries: dead ones by when they died, waiting ones by when they are due; and what
// every engine says to a cursor that is not one of the list's.
#include "store/engine_fixture.h"

namespace barracuda::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ListsTest : public testing::TestWithParam<bool> {
protected:
    Store store_{GetParam()};

    // In pages of two.
    std::vector<std::string> Clicks(ScanRequest request) {
        std::vector<std::string> clicks;
        request.limit = 2;
        do {
            auto page = store_.engine->Scan(request);
            EXPECT_TRUE(page);
            if (!page) break;
            for (const auto& d : page->documents) clicks.push_back(*domain::TopText(d, "click_id"));
            request.cursor = page->cursor;
        } while (!request.cursor.empty());
        return clicks;
    }
};

INSTANTIATE_TEST_SUITE_P(Kinds, ListsTest, testing::Bool(), [](const auto& info) {
    return std::string(info.param ? "RocksDB" : "Memory");
});

std::string DeadDocument(const std::string& click, int64_t at, int64_t rev = 1) {
    auto conversion = domain::DecodeConversion(Document({.click = click, .rev = rev}));
    domain::Delivery delivery;
    delivery.id = DeliveryId("d-" + click);
    delivery.state = domain::DeliveryState::kDead;
    delivery.last_at = Time{at};
    conversion->deliveries.push_back(delivery);
    conversion->Reschedule("n1");
    return domain::Encode(*conversion);
}

TEST_P(ListsTest, DeadOnesByWhenTheyDied) {
    ScanRequest dead;
    dead.index = IndexId::kConversionDead;
    EXPECT_THAT(Clicks(dead), IsEmpty());
    Put(*store_.engine, DealRef("alive"), std::nullopt, Document({.click = "alive"}));
    for (int i : {3, 1, 5, 2, 4}) {
        std::string click = "c" + std::to_string(i);
        Put(*store_.engine, DealRef(click), std::nullopt, DeadDocument(click, i * 10));
    }
    EXPECT_THAT(Clicks(dead), ElementsAre("c1", "c2", "c3", "c4", "c5"));
    dead.from = Time{20};
    dead.to = Time{50};
    dead.descending = true;
    EXPECT_THAT(Clicks(dead), ElementsAre("c4", "c3", "c2"));
    Put(*store_.engine, DealRef("c3"), DeadDocument("c3", 30), Document({.click = "c3", .rev = 2}));
    store_.Reopen();
    EXPECT_THAT(Clicks(dead), ElementsAre("c4", "c2"));
    auto findings = store_.engine->Verify(false);
    ASSERT_TRUE(findings);
    EXPECT_THAT(*findings, IsEmpty());
}

TEST_P(ListsTest, WaitingOnesByOwnerAndDue) {
    auto add = [&](const std::string& click, const NodeId& owner, int64_t due) {
        auto document = Document({.click = click, .due = due, .owner = owner});
        Put(*store_.engine, DealRef(click), std::nullopt, document);
    };
    add("c1", "n2", 10);
    add("c2", "n1", 30);
    add("c3", "n1", 20);
    add("c4", "n1", 40);
    add("c5", "", 50);
    domain::BsonWriter flow;
    flow.Date("due", Time{25});
    flow.Text("owner", "n1");
    Put(*store_.engine, ContactRef("k"), std::nullopt, flow.Take());
    ScanRequest due;
    due.index = IndexId::kConversionDue;
    EXPECT_THAT(Clicks(due), ElementsAre("c5", "c3", "c2", "c4", "c1"));
    due.equal = {"n1"};
    EXPECT_THAT(Clicks(due), ElementsAre("c3", "c2", "c4")) << "contacts' flows are not deliveries";
}

class CursorTest : public testing::TestWithParam<Kind> {
protected:
    AnyStore store_{GetParam()};

    // Lists of every order, each of more than one document.
    std::vector<ScanRequest> Lists() {
        for (int i = 1; i <= 6; ++i) {
            const std::string n = std::to_string(i);
            Put(store_.engine(), DealRef("c" + n), std::nullopt, Document({.click = "c" + n}));
            auto due = Document({.click = "w" + n, .affiliate = "a2", .due = i});
            Put(store_.engine(), DealRef("w" + n), std::nullopt, due);
            Put(store_.engine(), DealRef("d" + n), std::nullopt, DeadDocument("d" + n, i));
        }
        for (const std::string click : {"p1", "p2"}) {
            for (const char* goal : {"5", "6", "7"}) {
                auto one = domain::DecodeConversion(Document({.click = click + goal}));
                one->key = {ClickId(click), GoalId(goal), ""};
                Put(store_.engine(), RefOf(one->key), std::nullopt, domain::Encode(*one));
            }
        }
        std::vector<ScanRequest> lists(8);
        lists[1].index = IndexId::kConversionCreated;
        lists[2].index = lists[3].index = IndexId::kConversionAffiliate;
        lists[2].equal = {"a1"};
        lists[3].equal = {"a2"};
        lists[4].index = IndexId::kConversionDead;
        lists[5].index = IndexId::kConversionDue;
        AppendText(lists[6].key_prefix, "p1");
        AppendText(lists[7].key_prefix, "p2");
        for (auto& list : lists) list.limit = 1;
        return lists;
    }
    Result<Page> From(ScanRequest list, std::string cursor) {
        list.cursor = std::move(cursor);
        return store_.engine().Scan(list);
    }
};

INSTANTIATE_TEST_SUITE_P(Kinds, CursorTest, testing::ValuesIn(Kinds()), [](const auto& info) {
    return std::string(NameOf(info.param));
});

TEST_P(CursorTest, OfNoListIsRefused) {
    for (auto list : Lists()) {
        for (bool descending : {false, true}) {
            list.descending = descending && list.index != IndexId::kConversionDue;
            for (std::string cursor :
                 {std::string(1, '\0'),
                  std::string("\xff"),
                  std::string("c1"),
                  std::string("\x01"),
                  std::string("\x02\xff")}) {
                auto page = From(list, cursor);
                ASSERT_FALSE(page) << int(list.index.value_or(IndexId{})) << " " << cursor;
                EXPECT_EQ(page.error().code, ErrorCode::kInvalid);
            }
        }
    }
}

// It would be an empty page, which looks like the end.
TEST_P(CursorTest, OfAnotherListIsRefused) {
    const auto lists = Lists();
    for (const auto& one : lists) {
        auto first = store_.engine().Scan(one);
        ASSERT_TRUE(first);
        ASSERT_NE(first->cursor, "");
        for (const auto& other : lists) {
            // A place among one click's conversions is one of the whole list's as well.
            if (!one.key_prefix.empty() && &other == &lists[0]) continue;
            auto page = From(other, first->cursor);
            ASSERT_EQ(page.has_value(), &one == &other)
                << int(one.index.value_or(IndexId{})) << " in "
                << int(other.index.value_or(IndexId{}));
            if (page) {
                ASSERT_EQ(page->documents.size(), 1u);
                EXPECT_NE(page->documents, first->documents);
            } else {
                EXPECT_EQ(page.error().code, ErrorCode::kInvalid);
            }
        }
    }
}

// As MongoDB's were before they named their list; the others never did.
std::string Older(Kind kind, const std::string& cursor) {
    if (kind != Kind::kMongo) return cursor;
    const bson_t view = ViewOf(cursor);
    Bson older;
    bson_copy_to_excluding_noinit(&view, older.get(), "list", nullptr);
    EXPECT_LT(older.Bytes().size(), cursor.size());
    return older.Bytes();
}

// A replay job keeps its cursor in its document, over an upgrade too.
TEST_P(CursorTest, OfAnOlderVersionGoesOn) {
    for (const auto& list : Lists()) {
        auto first = store_.engine().Scan(list);
        ASSERT_TRUE(first);
        auto second = From(list, first->cursor);
        auto as_before = From(list, Older(GetParam(), first->cursor));
        ASSERT_TRUE(second && as_before);
        EXPECT_EQ(as_before->documents, second->documents);
    }
}

}  // namespace
}  // namespace barracuda::store
