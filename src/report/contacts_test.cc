#include "report/contacts.h"

#include <gtest/gtest.h>

#include "report/contact_csv.h"
#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::report {
namespace {

TEST(ContactCsv, HarmlessAndQuoted) {
    EXPECT_EQ(CsvCell("plain"), "plain");
    EXPECT_EQ(CsvCell(""), "");
    for (const char* text : {"=cmd()", "+1", "-1", "@x", "\tx"}) {
        EXPECT_EQ(CsvCell(text), "'" + std::string(text));
    }
    EXPECT_EQ(CsvCell("a,\"b\"\nc"), "\"a,\"\"b\"\"\nc\"");
    EXPECT_EQ(CsvCell("\rx"), "\"'\rx\"");
    domain::Contact contact;
    auto line = CsvLine(contact);
    EXPECT_EQ(std::count(line.begin(), line.end(), ','), 14);
    EXPECT_TRUE(line.starts_with(",,")) << line;
}

TEST(ContactFilter, SearchesWithoutCase) {
    domain::Contact contact;
    contact.name = "Ann Search";
    contact.email = "a@b";
    contact.type = "user";
    EXPECT_TRUE(Matches({"", "", "ann sea"}, contact));
    EXPECT_TRUE(Matches({"user", "new", "a@b"}, contact));
    EXPECT_FALSE(Matches({"agency", "", ""}, contact));
    EXPECT_FALSE(Matches({"", "", "bob"}, contact));
}

TEST(ContactPages, SortedAndCounted) {
    auto engine = std::move(*store::KvEngine::Open(
        std::make_unique<store::MemoryKv>(std::make_shared<store::MemoryKv::Data>())
    ));
    for (int i = 0; i < 7; ++i) {
        domain::Contact contact;
        contact.id = ObjectId::New();
        contact.name = std::string(1, static_cast<char>('a' + i * 3 % 7));
        contact.type = i % 2 ? "user" : "agency";
        contact.created = Time{i};
        store::Write write{
            {store::Collection::kContacts, contact.id.Hex()}, {}, domain::Encode(contact)};
        ASSERT_TRUE(engine->Commit(std::span(&write, 1)));
    }
    auto names = [&](ContactQuery query) {
        auto page = SelectContacts(*engine, query);
        std::string text = std::to_string(page->total) + ":";
        for (const auto& contact : page->rows) text += contact.name;
        return text;
    };
    ContactQuery query;
    query.limit = 3;
    EXPECT_EQ(names(query), "7:ebf");
    query.page = 3;
    EXPECT_EQ(names(query), "7:a");
    query.page = 2;
    query.sort = "name";
    query.descending = false;
    EXPECT_EQ(names(query), "7:def");
    query.page = 1;
    query.filter.type = "user";
    EXPECT_EQ(names(query), "3:bcd");
    query.sort = "createdAt";
    EXPECT_EQ(names(query), "3:dcb") << "oldest first";
}

TEST(ContactStats, FirstDepositsByCurrency) {
    auto engine = std::move(*store::KvEngine::Open(
        std::make_unique<store::MemoryKv>(std::make_shared<store::MemoryKv::Data>())
    ));
    for (const char* currency : {"", "", "EUR"}) {
        domain::Contact contact;
        contact.id = ObjectId::New();
        contact.ftd = true;
        contact.ftd_amount = Money{2'500'000};
        contact.ftd_currency = currency;
        store::Write write{
            {store::Collection::kContacts, contact.id.Hex()}, {}, domain::Encode(contact)};
        ASSERT_TRUE(engine->Commit(std::span(&write, 1)));
    }
    auto stats = ContactStatsOf(*engine, Time{0});
    ASSERT_TRUE(stats);
    EXPECT_EQ(stats->ftd, 3);
    EXPECT_EQ(stats->ftd_sums.Default(), "5");
    EXPECT_EQ(stats->ftd_sums.ByCurrency().at("EUR"), "2.5");
}

}  // namespace
}  // namespace barracuda::report
