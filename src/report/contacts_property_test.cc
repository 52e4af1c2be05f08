// Random forms, edits and erasures; then every list of contacts and its export say what a walk over
// all documents says, over every engine.
#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "domain/contact.h"
#include "report/contact_csv.h"
#include "report/contacts.h"
#include "store/engine_fixture.h"

namespace barracuda::report {
namespace {

const Time kMay = *Time::ParseIso("2026-05-01");
constexpr int64_t kDay = 86'400'000;

class ContactsProperty : public testing::TestWithParam<store::Kind> {
protected:
    store::AnyStore store_{GetParam()};
    std::mt19937 random_{20'261};
    std::map<std::string, domain::Contact> contacts_;  // by primary key

    int Below(int most) { return std::uniform_int_distribution<>(0, most - 1)(random_); }
    // Over a server every list costs round trips: fewer of them.
    int Rounds(int here) const { return GetParam() == store::Kind::kMongo ? here / 8 : here; }

    void Write(
        store::Ref ref, std::optional<std::string> before, std::optional<std::string> after
    ) {
        store::Write write{std::move(ref), std::move(before), std::move(after)};
        auto states = store_.engine().Commit(std::span(&write, 1));
        ASSERT_TRUE(states) << states.error().message;
        ASSERT_EQ(states->front(), store::WriteState::kApplied);
    }

    void Form(int number) {
        domain::Contact c;
        c.id = ObjectId::New();
        c.name = "N" + std::to_string(Below(9));
        c.email = c.email_key = std::to_string(number) + "@x.example";
        c.company = Below(2) ? "Acme" : "";
        c.type = Below(2) ? "user" : "affiliate";
        c.created = c.updated = Time{kMay.ms + Below(60) * kDay};
        c.rev = 1;
        const store::Ref ref{store::Collection::kContacts, c.id.Hex()};
        Write(ref, std::nullopt, domain::Encode(c));
        contacts_[ref.key] = c;
    }

    void EditOrErase() {
        auto at = std::next(contacts_.begin(), Below(static_cast<int>(contacts_.size())));
        const store::Ref ref{store::Collection::kContacts, at->first};
        const std::string before = domain::Encode(at->second);
        if (Below(2)) {
            Write(ref, before, std::nullopt);
            contacts_.erase(at);
            return;
        }
        at->second.status = Below(2) ? "done" : "new";
        ++at->second.rev;
        Write(ref, before, domain::Encode(at->second));
    }
};

TEST_P(ContactsProperty, OfContacts) {
    for (int i = 0; i < 60; ++i) Form(i);
    for (int i = 0; i < 40; ++i) EditOrErase();
    for (int i = 0; i < Rounds(64); ++i) {
        ContactQuery query;
        if (Below(2)) query.filter.type = Below(2) ? "user" : "affiliate";
        if (Below(2)) query.filter.status = Below(2) ? "done" : "new";
        if (Below(2)) query.filter.search = Below(2) ? "n3" : "acme";
        query.sort = Below(2) ? "createdAt" : "name";
        query.descending = Below(2);
        query.limit = 1 + static_cast<size_t>(Below(6));
        std::set<std::string> expected, seen;
        for (const auto& [key, contact] : contacts_) {
            if (Matches(query.filter, contact)) expected.insert(key);
        }
        for (query.page = 1; query.page <= expected.size() / query.limit + 1; ++query.page) {
            auto page = SelectContacts(store_.engine(), query);
            ASSERT_TRUE(page);
            EXPECT_EQ(page->total, expected.size());
            for (const auto& row : page->rows) EXPECT_TRUE(seen.insert(row.id.Hex()).second);
        }
        EXPECT_EQ(seen, expected);
        ContactCsv csv(store_.engine(), query.filter);
        std::string text;
        for (auto part = csv.Next(); part && !part->empty(); part = csv.Next()) text += *part;
        EXPECT_EQ(
            std::count(text.begin(), text.end(), '\n'), static_cast<long>(expected.size()) + 1
        );
        if (HasFailure()) return;
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
