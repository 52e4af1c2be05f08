// Random forms, edits and erasures; then every list of contacts, by number and by cursor, its count
// and its export say what a walk over all documents says, over every engine, also with a look-ahead
// that ends early: then a list says so, and its cursor goes on to the same rows. An engine that
// loses one document is found out.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "domain/contact.h"
#include "report/contact_csv.h"
#include "report/contacts.h"
#include "store/engine_fixture.h"
#include "store/forwarding_engine.h"

namespace barracuda::report {
namespace {

const Time kMay = *Time::ParseIso("2026-05-01"), kJune = *Time::ParseIso("2026-06-01");
constexpr int64_t kDay = 86'400'000;
constexpr const char* kSorts[] = {
    "createdAt",
    "updatedAt",
    "name",
    "email",
    "company",
    "type",
    "status",
    "affiliate_status",
    "ftd_amount",
    "ftd_date"};

class ContactsProperty : public testing::TestWithParam<store::Kind> {
protected:
    store::AnyStore store_{GetParam()};
    std::mt19937 random_{20'261};
    std::map<std::string, domain::Contact> contacts_;  // by primary key
    std::map<std::string, std::string> stored_;        // the same, as documents

    int Below(int most) { return std::uniform_int_distribution<>(0, most - 1)(random_); }
    // Over a server every list costs round trips: fewer of them.
    int Rounds(int here) const { return GetParam() == store::Kind::kMongo ? here / 8 : here; }
    std::string OneOf(std::initializer_list<const char*> values) {
        return values.begin()[Below(static_cast<int>(values.size()))];
    }
    std::string Click() { return OneOf({"", "a", "b", "ab", "7", "h1"}); }

    void Write(
        store::Ref ref, std::optional<std::string> before, std::optional<std::string> after
    ) {
        store::Write write{std::move(ref), std::move(before), std::move(after)};
        auto states = store_.engine().Commit(std::span(&write, 1));
        ASSERT_TRUE(states) << states.error().message;
        ASSERT_EQ(states->front(), store::WriteState::kApplied);
    }

    void Edit(domain::Contact& c) {
        c.status = OneOf({"new", "done"});
        if (Below(4) == 0) c.affiliate_id = OneOf({"", "7", "8", "78"});
        c.affiliate_status = OneOf({"", "pending", "approved"});
        c.ftd = Below(2);
        c.ftd_amount.reset();
        c.ftd_date.reset();
        c.ftd_currency.clear();
        if (c.ftd) {
            c.ftd_amount = Money{Below(4) * Money::kMicros};
            c.ftd_currency = OneOf({"", "EUR"});
            c.ftd_date = Time{kMay.ms + Below(60) * kDay};
        }
        c.updated = Time{kMay.ms + Below(60) * kDay};
    }

    static std::string Without(const std::string& document, std::string_view field) {
        domain::BsonWriter to;
        bson_iter_t at;
        EXPECT_TRUE(domain::OpenBson(at, document));
        while (bson_iter_next(&at)) {
            if (field != bson_iter_key(&at)) to.Element(at);
        }
        return to.Take();
    }

    void Form(int number) {
        domain::Contact c;
        c.id = ObjectId::New();
        c.name = "N" + std::to_string(Below(9));
        c.email = c.email_key = std::to_string(number) + "@x.example";
        c.company = Below(2) ? "Acme" : "";
        c.type = Below(2) ? "user" : "affiliate";
        c.click_id = Click();
        c.sub1 = Click();
        c.affiliate_id = OneOf({"", "7", "8"});
        c.created = Time{kMay.ms + Below(60) * kDay};
        c.rev = 1;
        Edit(c);
        const store::Ref ref{store::Collection::kContacts, c.id.Hex()};
        std::string document = domain::Encode(c);
        // One of the old application's may have no flag: it reads as one without a deposit.
        if (!c.ftd && Below(3) == 0) document = Without(document, "ftd");
        Write(ref, std::nullopt, document);
        contacts_[ref.key] = c;
        stored_[ref.key] = std::move(document);
    }

    void EditOrErase() {
        auto at = std::next(contacts_.begin(), Below(static_cast<int>(contacts_.size())));
        const store::Ref ref{store::Collection::kContacts, at->first};
        const std::string before = stored_[ref.key];
        if (Below(3) == 0) {
            Write(ref, before, std::nullopt);
            contacts_.erase(at);
            return;
        }
        Edit(at->second);
        ++at->second.rev;
        stored_[ref.key] = domain::Encode(at->second);
        Write(ref, before, stored_[ref.key]);
    }
    void Fill() {
        for (int i = 0; i < 90; ++i) Form(i);
        for (int i = 0; i < 50; ++i) EditOrErase();
    }

    ContactQuery AnyQuery() {
        ContactQuery query;
        auto& f = query.filter;
        if (Below(3) == 0) f.type = OneOf({"user", "affiliate"});
        if (Below(3) == 0) f.status = OneOf({"done", "new"});
        if (Below(4) == 0) f.affiliate_status = OneOf({"pending", "approved"});
        if (Below(4) == 0) f.search = OneOf({"n3", "acme"});
        if (Below(3) == 0) f.clicks = {OneOf({"a", "b", "ab", "7", "none"})};
        if (Below(6) == 0) f.clicks = {"a", "h1", "a"};
        if (Below(4) == 0) f.affiliates = {OneOf({"7", "8", "78", "none"})};
        if (Below(8) == 0) f.affiliates = {"8", "7", "8"};
        if (Below(4) == 0) f.ftd = Below(2);
        if (Below(4) == 0) f.from = Below(2) ? kJune : Time{kMay.ms + Below(60) * kDay};
        if (Below(4) == 0) f.to = Below(2) ? kJune : Time{kMay.ms + Below(60) * kDay};
        query.sort = kSorts[Below(static_cast<int>(std::size(kSorts)))];
        query.descending = Below(2);
        query.limit = 1 + static_cast<size_t>(Below(6));
        return query;
    }
    // As a route does: the statistics count what they can.
    void Count(ContactQuery& query) {
        if (!query.Summed()) return;
        auto stats = ContactStatsOf(store_.engine(), kJune, query);
        ASSERT_TRUE(stats);
        query.fitting = {{static_cast<size_t>(stats->Asked()), true}, stats->asked};
    }
    std::set<std::string> Expected(const ContactFilter& filter) const {
        std::set<std::string> keys;
        for (const auto& [key, contact] : contacts_) {
            if (Matches(filter, contact)) keys.insert(key);
        }
        return keys;
    }

    void CheckFitting(
        const ContactPage& page, const ContactFilter& filter, const std::string& what
    ) {
        std::map<std::string, Tally> statuses;
        for (const auto& key : Expected(filter)) {
            const auto& c = contacts_[key];
            auto& tally = statuses[c.status];
            ++tally.count;
            if (c.ftd) tally.sums.Add(c.ftd_currency, c.ftd_amount->micros);
        }
        const auto& [total, by_status] = page.fitting;
        const size_t expected = Expected(filter).size();
        if (total.exact) {
            EXPECT_EQ(total.count, expected) << what;
        } else {
            EXPECT_LE(total.count, expected) << what;
            EXPECT_FALSE(page.complete) << what;
        }
        if (!by_status) return;
        auto there = *by_status;
        std::erase_if(there, [](const auto& one) { return one.second.count == 0; });
        EXPECT_EQ(there, statuses) << what;
    }

    // By cursor: every row once; in order, where all is looked at.
    void CheckWalk(store::Engine& engine, ContactQuery query, const std::string& what) {
        std::set<std::string> seen;
        std::vector<domain::Contact> rows;
        for (int pages = 0; pages < 400; ++pages) {
            auto page = SelectContacts(engine, query);
            ASSERT_TRUE(page) << what << ": " << page.error().message;
            CheckFitting(*page, query.filter, what);
            for (const auto& row : page->rows) {
                EXPECT_TRUE(seen.insert(row.id.Hex()).second) << what << ": shown twice";
                rows.push_back(row);
            }
            if (page->next_cursor.empty()) break;
            query.cursor = page->next_cursor;
            if (!query.Summed()) query.fitting = {page->fitting.total};
        }
        EXPECT_EQ(seen, Expected(query.filter)) << what;
        if (query.sort != "createdAt" || query.looked_max < contacts_.size()) return;
        EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end(), [&](const auto& a, const auto& b) {
            return query.descending ? a.created > b.created : a.created < b.created;
        })) << what;
    }
    // By number: the same rows, or that a cursor is needed.
    void CheckPages(ContactQuery query, const std::string& what) {
        const auto expected = Expected(query.filter);
        std::set<std::string> seen;
        for (query.page = 1; query.page <= expected.size() / query.limit + 1; ++query.page) {
            auto page = SelectContacts(store_.engine(), query);
            ASSERT_TRUE(page) << what;
            EXPECT_TRUE(page->complete) << what;
            for (const auto& row : page->rows) {
                EXPECT_TRUE(seen.insert(row.id.Hex()).second) << what;
            }
        }
        EXPECT_EQ(seen, expected) << what;
    }
    void CheckExport(const ContactFilter& filter, const std::string& what) {
        ContactCsv csv(store_.engine(), filter);
        std::string text;
        for (auto part = csv.Next(); part && !part->empty(); part = csv.Next()) text += *part;
        const auto lines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
        EXPECT_EQ(lines, Expected(filter).size() + 1) << what;
    }
};

std::string TextOf(const ContactQuery& q) {
    const auto& f = q.filter;
    std::string text = fmt::format(
        "type={} status={} affiliate={} search={} ftd={} ",
        f.type,
        f.status,
        f.affiliate_status,
        f.search,
        f.ftd ? (*f.ftd ? "yes" : "no") : "any"
    );
    for (const auto& click : f.clicks) text += "click=" + click + ' ';
    for (const auto& affiliate : f.affiliates) text += "affiliate_id=" + affiliate + ' ';
    for (const auto& at : {f.from, f.to}) text += (at ? at->Iso() : "-") + ' ';
    return text + fmt::format(
                      "sort={} {} limit={} looked={} gathered={}",
                      q.sort,
                      q.descending ? "desc" : "asc",
                      q.limit,
                      q.looked_max,
                      q.gathered_max
                  );
}

TEST_P(ContactsProperty, OfContacts) {
    Fill();
    for (int i = 0; i < Rounds(160); ++i) {
        auto query = AnyQuery();
        Count(query);
        const std::string what = TextOf(query);
        CheckWalk(store_.engine(), query, what);
        CheckPages(query, what);
        CheckExport(query.filter, what);
        query.looked_max = 1 + static_cast<size_t>(Below(30));
        query.gathered_max = std::min<size_t>(query.looked_max, Below(2) ? 1'000 : 5);
        query.tallied_max = query.counted_max = Below(2) ? 1'000 : query.looked_max;
        if (!query.Summed()) query.fitting.reset();
        CheckWalk(store_.engine(), query, TextOf(query));
        if (HasFailure()) return;
    }
}

TEST_P(ContactsProperty, ACursorIsOfItsList) {
    Fill();
    ContactQuery query;
    query.limit = 5;
    auto page = SelectContacts(store_.engine(), query);
    ASSERT_TRUE(page);
    ASSERT_FALSE(page->next_cursor.empty());
    const auto refused = [&](const auto& change) {
        auto other = query;
        other.cursor = page->next_cursor;
        change(other);
        auto answer = SelectContacts(store_.engine(), other);
        return !answer && answer.error().code == ErrorCode::kInvalid;
    };
    EXPECT_FALSE(refused([](auto&) {}));
    EXPECT_TRUE(refused([](auto& q) { q.descending = false; }));
    EXPECT_TRUE(refused([](auto& q) { q.sort = "name"; }));
    EXPECT_TRUE(refused([](auto& q) { q.filter.ftd = true; }));
    EXPECT_TRUE(refused([](auto& q) { q.filter.clicks = {"a"}; }));
    EXPECT_TRUE(refused([](auto& q) { q.filter.affiliates = {"7"}; }));
    EXPECT_TRUE(refused([](auto& q) { q.filter.ftd = false; }));
    EXPECT_TRUE(refused([](auto& q) { q.cursor = "x"; }));
}

// Leaves the last document of every page out.
class LossyEngine final : public store::ForwardingEngine {
public:
    using ForwardingEngine::ForwardingEngine;
    Result<store::Page> Scan(const store::ScanRequest& request) override {
        auto page = ForwardingEngine::Scan(request);
        if (page && !page->documents.empty()) page->documents.pop_back();
        return page;
    }
};

TEST_P(ContactsProperty, WhatLosesOneIsFoundOut) {
    Fill();
    LossyEngine lossy(store_.engine());
    const ContactFilter filters[] = {
        {}, {.clicks = {"a"}}, {.affiliates = {"7"}}, {.ftd = true}, {.ftd = false}};
    for (const auto& filter : filters) {
        ContactQuery query;
        query.filter = filter;
        query.limit = 200;
        auto whole = SelectContacts(store_.engine(), query), less = SelectContacts(lossy, query);
        ASSERT_TRUE(whole && less);
        EXPECT_EQ(whole->rows.size(), Expected(query.filter).size());
        EXPECT_LT(less->rows.size(), whole->rows.size());
    }
}

INSTANTIATE_TEST_SUITE_P(
    Engines,
    ContactsProperty,
    testing::ValuesIn(store::Kinds()),
    [](const auto& info) { return std::string(NameOf(info.param)); }
);

}  // namespace
}  // namespace barracuda::report
