#include "report/grouped.h"

#include <gmock/gmock.h>

#include "store/engine_fixture.h"

namespace barracuda::report {
namespace {

using testing::ElementsAre;

Time At(const char* iso) { return *Time::ParseIso(iso); }

GroupedQuery Over(const char* from, const char* to, const char* zone, Compare compare) {
    GroupedQuery query;
    query.zone = *Zone::Named(zone);
    query.from = At(from);
    query.to = At(to);
    query.groups = {Group::kGoal};
    query.compare = compare;
    return query;
}

TEST(GroupedPeriod, BeforeIsAsManyOfTheZonesDays) {
    // Clocks went forward on 30 March: that day has 23 hours.
    const auto before =
        BeforeOf(Over("2025-03-30T22:00Z", "2025-04-01T22:00Z", "Europe/Berlin", Compare::kPrevious)
        );
    EXPECT_EQ(before.from, At("2025-03-28T23:00Z"));
    EXPECT_EQ(before.to, At("2025-03-30T22:00Z"));
    const auto part =
        BeforeOf(Over("2025-03-30T22:15Z", "2025-03-30T23:15Z", "UTC", Compare::kPrevious));
    EXPECT_EQ(part.from, At("2025-03-30T21:15Z"));
}

TEST(GroupedPeriod, AYearBeforeIsTheSameDates) {
    const auto before =
        BeforeOf(Over("2025-03-30T22:00Z", "2025-04-01T22:00Z", "Europe/Berlin", Compare::kYear));
    EXPECT_EQ(before.from, At("2024-03-30T23:00Z")) << "31 March, summer time began that day";
    EXPECT_EQ(before.to, At("2024-04-01T22:00Z"));
    const auto leap = BeforeOf(Over("2024-02-29", "2024-03-01", "UTC", Compare::kYear));
    EXPECT_EQ(leap.from, At("2023-03-01"));
    const auto first = BeforeOf(Over("1970-01-01", "1970-12-31", "UTC", Compare::kYear));
    EXPECT_EQ(first.from, At("1969-01-01"));
    EXPECT_EQ(first.to, At("1969-12-31"));
}

TEST(GroupedPeriod, AYearOfFiveDigitsHasOneBeforeItToo) {
    constexpr int64_t kDay = 86'400'000;
    auto query = Over("9999-12-31", "9999-12-31", "UTC", Compare::kYear);
    query.to.ms += kDay;  // 10000-01-01: no text of ours says that
    EXPECT_EQ(BeforeOf(query).from, At("9998-12-31"));
    EXPECT_EQ(BeforeOf(query).to, At("9999-01-01"));
}

TEST(GroupedZone, ADayThatBeginsAtOneBeginsThere) {
    const auto beirut = *Zone::Named("Asia/Beirut");  // clocks go forward at midnight
    EXPECT_EQ(beirut.At(At("2024-03-31").ms), At("2024-03-30T22:00Z"));
    EXPECT_EQ(beirut.At(At("2024-04-01").ms), At("2024-03-31T21:00Z"));
    EXPECT_EQ(Zone().At(5), Time{5});
}

class Grouped : public testing::Test {
protected:
    store::Store store_{false};

    void Sale(const char* click, const char* affiliate, const char* amount) {
        store::Put(
            *store_.engine,
            store::DealRef(click),
            std::nullopt,
            store::Document(
                {.click = click,
                 .affiliate = affiliate,
                 .amount = amount,
                 .created = At("2025-05-05").ms}
            )
        );
    }
    GroupedQuery ByAffiliate() {
        Sale("c1", "a", "5");
        Sale("c2", "a", "1");
        Sale("c3", "b", "9");
        Sale("c4", "c", "2");
        auto query = Over("2025-05-01", "2025-06-01", "UTC", Compare::kNone);
        query.groups = {Group::kAffiliate};
        return query;
    }
    std::vector<std::string> Keys(const GroupedQuery& query) {
        auto report = ReportOf(*store_.engine, query);
        EXPECT_TRUE(report);
        std::vector<std::string> keys;
        for (const auto& row : report->rows) keys.push_back(row.keys[0]);
        return keys;
    }
};

TEST_F(Grouped, RowsAreSorted) {
    auto query = ByAffiliate();
    EXPECT_THAT(Keys(query), ElementsAre("a", "b", "c"));
    query.descending = false;
    EXPECT_THAT(Keys(query), ElementsAre("b", "c", "a")) << "equal ones by their keys";
    query.sort = "USD";
    EXPECT_THAT(Keys(query), ElementsAre("c", "a", "b"));
    query.sort = "affiliate_id";
    query.descending = true;
    EXPECT_THAT(Keys(query), ElementsAre("c", "b", "a"));
}

TEST_F(Grouped, WhatIsLeftOutIsTheRest) {
    auto query = ByAffiliate();
    query.limit = 1;
    auto report = ReportOf(*store_.engine, query);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->rest_rows, 2u);
    EXPECT_EQ(report->rest.now.conversions, 2);
    EXPECT_EQ(report->rest.now.amount.Default(), "11");
    EXPECT_EQ(report->total.now.conversions, 4);
    EXPECT_EQ(report->total.now.amount.Default(), "17");
}

TEST_F(Grouped, ItIsBounded) {
    auto query = ByAffiliate();
    query.rows_max = 2;
    auto full = ReportOf(*store_.engine, query);
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().where, "group");
    query.rows_max = 3;
    EXPECT_TRUE(ReportOf(*store_.engine, query));
}

TEST(GroupedFilter, WhatCellsDoNotKnowIsNamed) {
    EXPECT_EQ(UnansweredIn({.affiliates = {"7"}, .test = false}), std::nullopt);
    EXPECT_EQ(UnansweredIn({.clicks = {"c"}}), "click_id");
    EXPECT_EQ(UnansweredIn({.test = true}), "is_test");
    EXPECT_EQ(UnansweredIn({.changed_to = Time{}}), "updated_to");
}

}  // namespace
}  // namespace barracuda::report
