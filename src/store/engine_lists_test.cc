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
    delivery.id = "d-" + click;
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
    auto add = [&](const std::string& click, const std::string& owner, int64_t due) {
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
        std::vector<ScanRequest> lists(6);
        lists[1].index = IndexId::kConversionCreated;
        lists[2].index = lists[3].index = IndexId::kConversionAffiliate;
        lists[2].equal = {"a1"};
        lists[3].equal = {"a2"};
        lists[4].index = IndexId::kConversionDead;
        lists[5].index = IndexId::kConversionDue;
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
            auto page = From(other, first->cursor);
            ASSERT_EQ(page.has_value(), &one == &other)
                << int(one.index.value_or(IndexId{})) << " in "
                << int(other.index.value_or(IndexId{}));
            if (page) {
                EXPECT_EQ(page->documents.size(), 1u);
            } else {
                EXPECT_EQ(page.error().code, ErrorCode::kInvalid);
            }
        }
    }
}

}  // namespace
}  // namespace barracuda::store
