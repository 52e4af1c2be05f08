#include "report/contacts.h"

#include <gtest/gtest.h>

#include "report/contact_csv.h"
#include "report/csv.h"
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
    EXPECT_EQ(std::count(line.begin(), line.end(), ','), 15);
    EXPECT_TRUE(line.starts_with(",,")) << line;
}

TEST(ContactCsv, FormulasBehindBlanksAndOtherSeparators) {
    for (const char* text :
         {" =2+2",
          "\u00a0=2",
          "\u200b\ufeff@x",
          "\u3000-1",
          "\uff1d2+2",
          "\uff0b1",
          " \uff0d1",
          "\uff20x",
          "\tplain",
          "\"=1\""}) {
        EXPECT_NE(CsvCell(text).find("'"), std::string::npos) << text;
    }
    EXPECT_EQ(CsvCell("x;=1+cmd|calc!A0"), "x;'=1+cmd|calc!A0");
    EXPECT_EQ(CsvCell("x; +1"), "x;' +1");
    EXPECT_EQ(CsvCell("x\t\uff1d1"), "x\t'\uff1d1");
    EXPECT_EQ(CsvCell("x\n@y"), "\"x\n'@y\"");
    for (const char* text : {"a=b", "a-b; c", "ann+x@example.com", " plain", "5 - 3", "a; b=c"}) {
        EXPECT_EQ(CsvCell(text), text) << "harmless as it is";
    }
}

ContactFilter Asking(
    const char* type, const char* status, const char* affiliate_status, const char* search
) {
    return {.type = type, .status = status, .affiliate_status = affiliate_status, .search = search};
}

TEST(ContactFilter, SearchesWithoutCase) {
    domain::Contact contact;
    contact.name = "Ann Search";
    contact.email = "a@b";
    contact.type = "user";
    EXPECT_TRUE(Matches(Asking("", "", "", "ann sea"), contact));
    EXPECT_TRUE(Matches(Asking("user", "new", "", "a@b"), contact));
    EXPECT_FALSE(Matches(Asking("agency", "", "", ""), contact));
    EXPECT_FALSE(Matches(Asking("", "", "", "bob"), contact));
    EXPECT_FALSE(Matches(Asking("", "", "pending", ""), contact));
    contact.affiliate_status = "pending";
    EXPECT_TRUE(Matches(Asking("", "", "pending", ""), contact));
}

TEST(ContactFilter, ClickAffiliateDepositAndPeriod) {
    domain::Contact contact;
    contact.click_id = "c";
    contact.sub1 = "h";
    contact.affiliate_id = "7";
    contact.ftd = true;
    contact.created = Time{10};
    EXPECT_TRUE(Matches({.clicks = {"x", "c"}}, contact));
    EXPECT_TRUE(Matches({.clicks = {"h"}}, contact)) << "conversions of both are the contact's";
    EXPECT_FALSE(Matches({.clicks = {"x"}}, contact));
    EXPECT_FALSE(Matches({.clicks = {"c"}, .affiliates = {"8"}}, contact));
    EXPECT_TRUE(Matches({.affiliates = {"8", "7"}, .ftd = true}, contact));
    EXPECT_FALSE(Matches({.ftd = false}, contact));
    EXPECT_TRUE(Matches({.from = Time{10}, .to = Time{11}}, contact));
    EXPECT_FALSE(Matches({.from = Time{11}}, contact));
    EXPECT_FALSE(Matches({.to = Time{10}}, contact)) << "the end is not within";
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
        std::string text = std::to_string(page->fitting.total.count) + ":";
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

TEST(ContactStats, FirstDepositsOfTheLedger) {
    auto engine = std::move(*store::KvEngine::Open(
        std::make_unique<store::MemoryKv>(std::make_shared<store::MemoryKv::Data>())
    ));
    int clicks = 0;
    auto put = [&](domain::GoalType type, domain::Status status, const char* again, const char* sum
               ) {
        domain::Conversion c;
        c.id = ObjectId::New();
        c.key = {ClickId("c" + std::to_string(++clicks)), GoalId("6"), again};
        c.goal_type = type;
        c.status = status;
        c.fields.Set(domain::Field::kAmount, sum);
        if (clicks == 2) c.fields.Set(domain::Field::kCurrency, "EUR");
        store::Write write{store::RefOf(c.key), {}, domain::Encode(c)};
        ASSERT_TRUE(engine->Commit(std::span(&write, 1)));
    };
    using domain::GoalType, domain::Status;
    put(GoalType::kDeposit, Status::kApproved, "", "2.5");
    put(GoalType::kDeposit, Status::kPending, "", "3");  // in EUR
    put(GoalType::kDeposit, Status::kRejected, "", "4");
    put(GoalType::kDeposit, Status::kApproved, "transaction-2", "5");
    put(GoalType::kRegistration, Status::kApproved, "", "6");
    auto deposits = FirstDepositsOf(*engine);
    ASSERT_TRUE(deposits);
    EXPECT_EQ(deposits->count, 2);
    EXPECT_EQ(deposits->sums.Default(), "2.5");
    EXPECT_EQ(deposits->sums.ByCurrency().at("EUR"), "3");
}

}  // namespace
}  // namespace barracuda::report
