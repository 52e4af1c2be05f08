// Random reports and edits; then every list of conversions, with every filter and in every order,
// says what a walk over all documents says: its rows, their order, how many there are. Over every
// engine, and with a look-ahead that ends early: then a list says so, and its cursor goes on to the
// same rows. An engine that loses one document is found out.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>

#include "report/conversions.h"
#include "store/engine_fixture.h"
#include "store/forwarding_engine.h"

namespace barracuda::report {
namespace {

using domain::Field;

constexpr const char* kClicks[] = {
    "a",
    "ab",
    "abc",
    "abcd",
    "ABC",
    "aBc",
    "b",
    "b c",
    "5",
    "50",
    "a\xf4\x8f\xbf\xbf",
    "a\xef\xbf\xbf",
    "\x7f",
    "a~",
    "a\x7f",
    "\xc3\xa9t\xc3\xa9"};
constexpr const char* kPrefixes[] = {
    "", "\x7f", "a\x7f", "a", "ab", "abc", "AB", "5", "a\xef\xbf\xbf", "\xc3\xa9", "x"};
constexpr const char* kSorts[] = {
    "createdAt", "updatedAt", "amount", "affiliate_id", "click_id", "goal_type", "status"};
const Time kMay = *Time::ParseIso("2026-05-01"), kJune = *Time::ParseIso("2026-06-01");
constexpr int64_t kDay = 86'400'000;

template <typename Row>
using Rows = std::map<std::string, Row>;  // by primary key

class ListsProperty : public testing::TestWithParam<store::Kind> {
protected:
    store::AnyStore store_{GetParam()};
    std::mt19937 random_{20'261};
    Rows<domain::Conversion> conversions_;

    int Below(int most) { return std::uniform_int_distribution<>(0, most - 1)(random_); }
    // Over a server every list costs round trips: fewer of them.
    int Rounds(int here) const { return GetParam() == store::Kind::kMongo ? here / 8 : here; }
    template <typename List>
    auto& One(const List& list) {
        return list[Below(static_cast<int>(std::size(list)))];
    }

    void Write(
        store::Ref ref, std::optional<std::string> before, std::optional<std::string> after
    ) {
        store::Write write{std::move(ref), std::move(before), std::move(after)};
        auto states = store_.engine().Commit(std::span(&write, 1));
        ASSERT_TRUE(states) << states.error().message;
        ASSERT_EQ(states->front(), store::WriteState::kApplied);
    }

    void Maybe(domain::Conversion& c, Field field, std::initializer_list<const char*> values) {
        const int chosen = Below(static_cast<int>(values.size()) + 1);
        c.fields.Remove(field);
        if (chosen > 0) c.fields.Set(field, values.begin()[chosen - 1]);
    }

    // Of its two networks one or none, in any state.
    void Deliver(domain::Conversion& c) {
        c.deliveries.clear();
        if (Below(2)) return;
        domain::Delivery delivery;
        delivery.id = DeliveryId(c.id.Hex());
        delivery.network = NetworkName(Below(2) ? "one" : "two");
        delivery.state = static_cast<domain::DeliveryState>(Below(4));
        delivery.next_at = delivery.last_at = kJune;
        c.deliveries.push_back(delivery);
        c.Reschedule("n1");
    }

    void Edit(domain::Conversion& c) {
        c.status = static_cast<domain::Status>(Below(3));
        c.provenance = static_cast<domain::Provenance>(Below(5));
        Maybe(c, Field::kOfferId, {"1", "2", "o"});
        Maybe(c, Field::kTransactionId, {"t1", "t2", "77"});
        Maybe(c, Field::kCurrency, {"USD", "EUR"});
        Maybe(c, Field::kCountry, {"DE", "RO"});
        Maybe(c, Field::kSource, {"s 1", "s,2"});
        Maybe(c, Field::kIsTest, {"true", "false"});
        Deliver(c);
        c.fields.Set(Field::kAmount, std::to_string(Below(4)));
        c.updated = Time{kMay.ms + Below(60) * kDay};
    }

    // A key that is there is edited, as a second report would.
    void Report() {
        domain::Conversion c;
        c.id = ObjectId::New();
        c.key = {ClickId(One(kClicks)), GoalId(std::to_string(5 + Below(3))), ""};
        const auto ref = store::RefOf(c.key);
        auto at = conversions_.find(ref.key);
        std::optional<std::string> before;
        if (at != conversions_.end()) {
            before = domain::Encode(at->second);
            c = at->second;
            ++c.rev;
        } else {
            c.goal_type = static_cast<domain::GoalType>(Below(3));
            c.fields.Set(Field::kAffiliateId, std::to_string(7 + Below(2)));
            c.created = Time{kMay.ms + Below(60) * kDay};
            c.rev = 1;
        }
        Edit(c);
        Write(ref, before, domain::Encode(c));
        conversions_[ref.key] = c;
    }

    // One to three of the values, now and then.
    template <typename Value>
    void MaybeAny(std::vector<Value>& to, std::initializer_list<Value> values, int one_in) {
        if (Below(one_in)) return;
        for (int i = 1 + Below(3); i > 0; --i) {
            to.push_back(values.begin()[Below(static_cast<int>(values.size()))]);
        }
    }
    void MaybeWithin(std::optional<Time>& from, std::optional<Time>& to) {
        if (Below(3) == 0) from = Below(2) ? kJune : Time{kMay.ms + Below(60) * kDay};
        if (Below(3) == 0) to = Below(2) ? kJune : Time{kMay.ms + Below(60) * kDay};
    }

    Filter AnyFilter() {
        using enum domain::GoalType;
        using enum domain::Status;
        using enum domain::Provenance;
        using enum domain::DeliveryState;
        using Text = std::string;
        Filter f;
        MaybeAny(f.goal_types, {kRegistration, kDeposit, domain::GoalType::kOther}, 3);
        MaybeAny(f.statuses, {kPending, kApproved, kRejected}, 3);
        MaybeAny(f.provenances, {kReported, kAdmin, kForm, kAuto, kUnknown}, 5);
        MaybeAny(f.affiliates, {Text("7"), Text("8"), Text("x")}, 3);
        MaybeAny(f.goals, {Text("5"), Text("6"), Text("7")}, 4);
        MaybeAny(f.offers, {Text("1"), Text("2"), Text("o")}, 6);
        MaybeAny(f.transactions, {Text("t1"), Text("77")}, 8);
        MaybeAny(f.currencies, {Text("USD"), Text("EUR")}, 8);
        MaybeAny(f.countries, {Text("DE"), Text("RO")}, 8);
        MaybeAny(f.sources, {Text("s 1"), Text("s,2")}, 8);
        MaybeAny(f.networks, {Text("one"), Text("two")}, 8);
        MaybeAny(f.delivery_states, {kWaiting, kDone, kDead, kCancelled}, 8);
        MaybeAny(f.clicks, {Text("a"), Text("abc"), Text("b c"), Text("5")}, 8);
        if (Below(3) == 0) f.click_prefix = One(kPrefixes);
        if (Below(8) == 0) f.test = Below(2);
        if (Below(8) == 0) f.least = Money{Below(4) * Money::kMicros};
        if (Below(8) == 0) f.most = Money{Below(4) * Money::kMicros};
        if (Below(2)) MaybeWithin(f.from, f.to);
        if (Below(6) == 0) MaybeWithin(f.changed_from, f.changed_to);
        return f;
    }

    ConversionQuery AnyQuery() {
        ConversionQuery query;
        query.filter = AnyFilter();
        query.sort = One(kSorts);
        query.descending = Below(2);
        query.limit = 1 + static_cast<size_t>(Below(6));
        return query;
    }

    std::vector<std::string> Expected(const ConversionQuery& query) const {
        std::vector<std::string> keys;
        for (const auto& [key, c] : conversions_) {
            if (Matches(query.filter, c)) keys.push_back(key);
        }
        return keys;
    }
    // As a route does: the statistics count what they can.
    void Count(ConversionQuery& query) {
        if (!query.Summed()) return;
        auto stats = ConversionStatsOf(store_.engine(), kJune, query);
        ASSERT_TRUE(stats);
        query.fitting = {{static_cast<size_t>(stats->Asked()), true}, stats->asked};
    }

    void CheckFitting(const ConversionPage& page, const Filter& filter, const std::string& what) {
        std::map<std::string, Tally> statuses;
        size_t expected = 0;
        for (const auto& [key, c] : conversions_) {
            if (!Matches(filter, c)) continue;
            ++expected;
            auto& tally = statuses[domain::NameOf(c.status)];
            ++tally.count;
            const auto amount = Money::Parse(c.fields.Get(Field::kAmount, "0"));
            tally.sums.Add(c.fields.Get(Field::kCurrency), amount->micros);
        }
        const auto& [total, by_status] = page.fitting;
        if (total.exact) {
            EXPECT_EQ(total.count, expected) << what;
        } else {
            EXPECT_LE(total.count, expected) << what;
            EXPECT_FALSE(page.complete) << what;
        }
        if (by_status) {
            auto there = *by_status;
            std::erase_if(there, [](const auto& one) { return one.second.count == 0; });
            EXPECT_EQ(there, statuses) << what;
        }
    }
    std::vector<std::string> Shown(store::Engine& engine, ConversionQuery query);
    void CheckWalk(ConversionQuery query, const std::string& what);
    void CheckPages(ConversionQuery query, const std::string& what);
};

template <typename List>
std::string Joined(const List& list) {
    std::string text;
    for (const auto& one : list) {
        if constexpr (std::is_same_v<std::decay_t<decltype(one)>, std::string>) {
            text += one + ',';
        } else {
            text += std::string(domain::NameOf(one)) + ',';
        }
    }
    return text;
}

std::string TextOf(const ConversionQuery& q) {
    const Filter& f = q.filter;
    std::string text = fmt::format(
        "types={} statuses={} provenances={} affiliates={} goals={} offers={} transactions={} ",
        Joined(f.goal_types),
        Joined(f.statuses),
        Joined(f.provenances),
        Joined(f.affiliates),
        Joined(f.goals),
        Joined(f.offers),
        Joined(f.transactions)
    );
    text += fmt::format(
        "currencies={} countries={} sources={} networks={} states={} clicks={} prefix={} ",
        Joined(f.currencies),
        Joined(f.countries),
        Joined(f.sources),
        Joined(f.networks),
        Joined(f.delivery_states),
        Joined(f.clicks),
        f.click_prefix
    );
    for (const auto& at : {f.from, f.to, f.changed_from, f.changed_to}) {
        text += (at ? at->Iso() : "-") + ' ';
    }
    return text + fmt::format(
                      "sort={} {} limit={} looked={} gathered={}",
                      q.sort,
                      q.descending ? "desc" : "asc",
                      q.limit,
                      q.looked_max,
                      q.gathered_max
                  );
}

std::string SortedBy(const std::string& sort, const domain::Conversion& c) {
    std::string key;
    if (sort == "createdAt") store::AppendDate(key, c.created);
    if (sort == "updatedAt") store::AppendDate(key, c.updated);
    if (sort == "amount") key = c.fields.Get(Field::kAmount);
    if (sort == "affiliate_id") key = c.fields.Get(Field::kAffiliateId);
    if (sort == "click_id") key = c.key.click.value;
    if (sort == "goal_type") key = domain::NameOf(c.goal_type);
    if (sort == "status") key = domain::NameOf(c.status);
    return key;
}

// Orders that an index has. The others, and those of few that another index gives, are sorted
// within what is looked at.
bool IsWalked(const std::string& sort) {
    return sort == "click_id" || sort == "createdAt" || sort == "updatedAt";
}

// By cursor: every row once, in order; a page that is not full says why.
void ListsProperty::CheckWalk(ConversionQuery query, const std::string& what) {
    const auto expected = Expected(query);
    std::vector<std::string> seen;
    bool ordered = true;
    std::string before;
    for (int pages = 0; pages < 400; ++pages) {
        if (query.cursor.empty()) Count(query);
        auto page = SelectConversions(store_.engine(), query);
        ASSERT_TRUE(page) << what << ": " << page.error().message;
        CheckFitting(*page, query.filter, what);
        for (const auto& row : page->rows) {
            const std::string key = SortedBy(query.sort, row);
            const bool fits = seen.empty() || (query.descending ? key <= before : key >= before);
            ordered = ordered && fits;
            before = key;
            seen.push_back(store::RefOf(row.key).key);
        }
        if (page->complete && page->rows.size() < query.limit) {
            EXPECT_TRUE(page->next_cursor.empty()) << what;
        }
        if (page->next_cursor.empty()) break;
        query.cursor = page->next_cursor;
        if (!query.Summed()) query.fitting = {page->fitting.total};
    }
    EXPECT_TRUE(ordered || !(IsWalked(query.sort) || query.looked_max > conversions_.size()))
        << what;
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(seen, expected) << what;
}

// By number: what the walk shows there, or that a cursor is needed.
void ListsProperty::CheckPages(ConversionQuery query, const std::string& what) {
    const size_t all = Expected(query).size();
    auto whole = query;
    whole.looked_max = whole.gathered_max = whole.tallied_max = whole.counted_max = 1'000;
    whole.limit = 1'000;
    auto listed = SelectConversions(store_.engine(), whole);
    ASSERT_TRUE(listed);
    ASSERT_EQ(listed->rows.size(), all) << what;
    EXPECT_TRUE(listed->fitting.statuses) << what;
    CheckFitting(*listed, query.filter, what);
    EXPECT_TRUE(listed->complete) << what;
    Count(query);
    const size_t pages = (all + query.limit - 1) / query.limit;
    for (query.page = 1; query.page <= pages + 1; ++query.page) {
        auto page = SelectConversions(store_.engine(), query);
        if (!page) {
            EXPECT_GT(query.page, 1u);
            EXPECT_EQ(page.error().where, "page") << what;
            EXPECT_LT(query.looked_max, conversions_.size()) << what;
            continue;
        }
        CheckFitting(*page, query.filter, what);
        const size_t begin = std::min(all, (query.page - 1) * query.limit);
        const size_t end = std::min(all, begin + query.limit);
        if (!page->complete && page->rows.size() < end - begin) continue;
        if (!page->complete && query.looked_max < conversions_.size()) continue;
        ASSERT_EQ(page->rows.size(), end - begin) << what << " page " << query.page;
        for (size_t i = begin; i < end; ++i) {
            const auto &shown = page->rows[i - begin], &there = listed->rows[i];
            EXPECT_EQ(SortedBy(query.sort, shown), SortedBy(query.sort, there)) << what;
            // MongoDB's indexes have equals by `_id`, what is sorted has them by the key.
            if (GetParam() == store::Kind::kMongo) continue;
            EXPECT_EQ(shown.key, there.key) << what << " row " << i;
        }
        if (!page->complete) continue;  // what it did not look at may hold more
        EXPECT_TRUE(end == all || !page->next_cursor.empty()) << what;
    }
}

TEST_P(ListsProperty, OfConversions) {
    for (int i = 0; i < 120; ++i) Report();
    for (int i = 0; i < Rounds(240); ++i) {
        auto query = AnyQuery();
        for (size_t looked : {size_t{1'000}, static_cast<size_t>(1 + Below(30))}) {
            query.looked_max = looked;
            query.gathered_max = std::min<size_t>(looked, Below(2) ? 1'000 : 5);
            query.tallied_max = query.counted_max = Below(2) ? 1'000 : looked;
            const std::string what = TextOf(query);
            CheckWalk(query, what);
            CheckPages(query, what);
            if (HasFailure()) return;
        }
    }
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

std::vector<std::string> ListsProperty::Shown(store::Engine& engine, ConversionQuery query) {
    std::vector<std::string> keys;
    do {
        auto page = SelectConversions(engine, query);
        EXPECT_TRUE(page);
        if (!page) break;
        for (const auto& row : page->rows) keys.push_back(store::RefOf(row.key).key);
        query.cursor = page->next_cursor;
    } while (!query.cursor.empty());
    std::sort(keys.begin(), keys.end());
    return keys;
}

TEST_P(ListsProperty, WhatLosesOneIsFoundOut) {
    for (int i = 0; i < 40; ++i) Report();
    LossyEngine lossy(store_.engine());
    for (const char* sort : kSorts) {
        const ConversionQuery query{.sort = sort};
        EXPECT_EQ(Shown(store_.engine(), query), Expected(query)) << sort;
        EXPECT_NE(Shown(lossy, query), Expected(query)) << sort;
    }
}

INSTANTIATE_TEST_SUITE_P(
    Engines,
    ListsProperty,
    testing::ValuesIn(store::Kinds()),
    [](const auto& info) { return std::string(NameOf(info.param)); }
);

}  // namespace
}  // namespace barracuda::report
