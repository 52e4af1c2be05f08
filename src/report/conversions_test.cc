#include "report/conversions.h"

#include <gtest/gtest.h>

#include "store/forwarding_engine.h"
#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::report {
namespace {

using enum domain::GoalType;
using enum domain::Status;

class ConversionsTest : public testing::Test {
protected:
    // Six conversions, a second apart: clicks c0 to c5, affiliates 7 and 8 by turns.
    ConversionsTest() {
        for (int i = 0; i < 6; ++i) {
            domain::Conversion c;
            c.id = ObjectId::New();
            c.key.click.value = "c" + std::to_string(i);
            c.key.goal.value = i < 4 ? "6" : "5";
            c.goal_type = i < 4 ? domain::GoalType::kDeposit : domain::GoalType::kRegistration;
            c.status = i % 2 ? domain::Status::kApproved : domain::Status::kPending;
            c.fields.Set(domain::Field::kAffiliateId, i % 2 ? "8" : "7");
            c.fields.Set(domain::Field::kAmount, std::to_string((i * 5) % 7));
            c.created = c.updated = Time{i * 1'000};
            store::Write write{store::RefOf(c.key), {}, domain::Encode(c)};
            EXPECT_TRUE(engine_->Commit(std::span(&write, 1)));
        }
    }

    std::string Clicks(const ConversionQuery& query) {
        auto page = SelectConversions(*engine_, query);
        EXPECT_TRUE(page);
        std::string text = std::to_string(page->fitting.total.count) + ":";
        for (const auto& row : page->rows) text += row.key.click.value.substr(1);
        cursor_ = page->next_cursor;
        return text;
    }

    std::unique_ptr<store::KvEngine> engine_ =
        std::move(store::KvEngine::Open(
                      std::make_unique<store::MemoryKv>(std::make_shared<store::MemoryKv::Data>())
        )
                      .value());
    std::string cursor_;
};

TEST_F(ConversionsTest, PagesAndCursorsShowTheSame) {
    ConversionQuery query{.limit = 4};
    EXPECT_EQ(Clicks(query).substr(2), "5432");
    query.cursor = cursor_;
    EXPECT_EQ(Clicks(query).substr(2), "10");
    EXPECT_EQ(cursor_, "") << "nothing follows";
    query.cursor = "";
    query.page = 2;
    EXPECT_EQ(Clicks(query), "6:10");
    query.page = 3;
    EXPECT_EQ(Clicks(query), "6:");
}

// Whoever goes on by cursor from a numbered or filtered page leaves nothing out.
TEST_F(ConversionsTest, ACursorNamesTheLastRowShown) {
    const auto all = [&](ConversionQuery query) {
        std::string text = Clicks(query).substr(2);
        while (!cursor_.empty()) {
            query.cursor = cursor_;
            text += "," + Clicks(query).substr(2);
        }
        return text;
    };
    EXPECT_EQ(all({.limit = 2}), "54,32,10");
    EXPECT_EQ(all({.page = 2, .limit = 2}), "32,10");
    EXPECT_EQ(all({.page = 2, .limit = 1}), "4,3,2,1,0");
    EXPECT_EQ(all({.filter = {.statuses = {kApproved}}, .limit = 2}), "53,1");
    EXPECT_EQ(all({.filter = {.statuses = {kApproved}}, .page = 2, .limit = 1}), "3,1");
    EXPECT_EQ(
        all({.filter = {.affiliates = {"7"}}, .page = 2, .limit = 1, .descending = false}), "2,4"
    );
    EXPECT_EQ(all({.page = 4, .limit = 2}), "");
}

TEST_F(ConversionsTest, EveryPageSaysHowManyThereAre) {
    ConversionQuery query{.filter = {.from = Time{1'000}}, .limit = 2};
    for (const char* page : {"5:54", "5:32", "5:1"}) {
        EXPECT_EQ(Clicks(query), page);
        query.cursor = cursor_;
    }
    query = {.filter = {.from = Time{1'000}}, .limit = 2};
    Clicks(query);
    query.cursor = cursor_;
    query.fitting = {.total = {9, true}};
    EXPECT_EQ(Clicks(query), "9:32") << "as the page before counted them";
    query.cursor = "";
    query.fitting = {};
    EXPECT_EQ(Clicks(query), "5:54") << "the first page counts them";
    const auto asked = [&](const ConversionQuery& of) {
        return ConversionStatsOf(*engine_, Time{5'000}, of)->Asked();
    };
    EXPECT_EQ(asked({}), 6);
    EXPECT_EQ(asked({.filter = {.goal_types = {kDeposit}, .affiliates = {"7"}}}), 2);
    EXPECT_EQ(asked({.filter = {.statuses = {kApproved}}}), 3);
}

// What was looked at is not everything: that is said, and the cursor goes on behind it.
TEST_F(ConversionsTest, NoPageIsShortInSilence) {
    const auto page = [&](ConversionQuery query) {
        query.looked_max = query.gathered_max = query.tallied_max = query.counted_max = 2;
        auto listed = SelectConversions(*engine_, query);
        EXPECT_TRUE(listed);
        std::string text = listed->complete ? "" : "part ";
        text += std::to_string(listed->fitting.total.count) +
                (listed->fitting.total.exact ? ":" : "+:");
        for (const auto& row : listed->rows) text += row.key.click.value.substr(1);
        cursor_ = listed->next_cursor;
        return text;
    };
    // The two deposits of affiliate 7 are behind what is looked at first.
    ConversionQuery query{
        .filter = {.goal_types = {kDeposit}, .affiliates = {"7"}}, .fitting = Fitting{{2, true}}};
    EXPECT_EQ(page(query), "part 2:2");
    query.cursor = cursor_;
    EXPECT_EQ(page(query), "2:0");
    query = {.filter = {.most = Money{0}}, .fitting = Fitting{{1, true}}};
    EXPECT_EQ(page(query), "part 1:") << "empty, and goes on";
    query.cursor = cursor_;
    EXPECT_EQ(page(query), "part 1:");
    query.cursor = cursor_;
    EXPECT_EQ(page(query), "1:0");
    EXPECT_EQ(page({.filter = {.goal_types = {kRegistration}}}), "2:54") << "by an index";
    EXPECT_EQ(page({.filter = {.click_prefix = "c"}}), "part 2+:54") << "a block by key";
    EXPECT_EQ(page({.sort = "amount"}), "part 2+:45");
    EXPECT_EQ(page({.filter = {.click_prefix = "c3"}}), "1:3") << "sought, not searched for";
    EXPECT_EQ(page({.page = 3, .limit = 2, .fitting = Fitting{{6, true}}}), "6:10")
        << "from the end";
    auto far = SelectConversions(
        *engine_, {.page = 3, .limit = 1, .fitting = Fitting{{6, true}}, .looked_max = 2}
    );
    ASSERT_FALSE(far);
    EXPECT_EQ(far.error().where, "page");
    EXPECT_NE(far.error().message.find("cursor"), std::string::npos);
}

class CountingEngine final : public store::ForwardingEngine {
public:
    using ForwardingEngine::ForwardingEngine;
    Result<store::Page> Scan(const store::ScanRequest& request) override {
        auto page = ForwardingEngine::Scan(request);
        if (page) read += page->documents.size();
        return page;
    }
    size_t read = 0;
};

// One in sixteen fits: no more is read than the page takes, and one step of a walk twice.
TEST_F(ConversionsTest, AWalkReadsLittleBehindItsPage) {
    std::vector<store::Write> writes;
    for (int i = 0; i < 3'000; ++i) {
        domain::Conversion c;
        c.id = ObjectId::New();
        c.key.click.value = "w" + std::to_string(i);
        c.key.goal.value = "6";
        c.fields.Set(domain::Field::kCountry, i % 16 ? "DE" : "IS");
        c.created = c.updated = Time{1'000'000 + i};
        writes.push_back({store::RefOf(c.key), {}, domain::Encode(c)});
    }
    ASSERT_TRUE(engine_->Commit(writes));
    CountingEngine counting(*engine_);
    ConversionQuery query{.limit = 50};
    query.filter.countries = {"IS"};
    query.fitting = Fitting{{188, true}};
    auto page = SelectConversions(counting, query);
    ASSERT_TRUE(page);
    ASSERT_EQ(page->rows.size(), 50u);
    constexpr size_t kUpToTheLast = 50 * 16;
    EXPECT_LE(counting.read, kUpToTheLast + 200);
    EXPECT_GE(counting.read, kUpToTheLast - 16) << "it is counted";
    std::vector<std::string> seen;
    for (; page; page = SelectConversions(counting, query)) {
        for (const auto& row : page->rows) seen.push_back(row.key.click.value);
        query.cursor = page->next_cursor;
        if (query.cursor.empty()) break;
    }
    EXPECT_EQ(seen.size(), 188u) << "by cursor each once";
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
}

TEST_F(ConversionsTest, StatisticsCountWholeMonths) {
    const Time begin{0}, february = *Time::ParseIso("1970-02-01");
    EXPECT_TRUE((ConversionQuery{.filter = {.from = begin, .to = february}}.Summed()));
    EXPECT_FALSE((ConversionQuery{.filter = {.from = Time{1}}}.Summed()));
    EXPECT_FALSE((ConversionQuery{.filter = {.click_prefix = "c"}}.Summed()));
    const auto asked = [&](const ConversionQuery& of) {
        return ConversionStatsOf(*engine_, Time{5'000}, of)->Asked();
    };
    EXPECT_EQ(asked({.filter = {.from = begin, .to = february}}), 6);
    EXPECT_EQ(asked({.filter = {.statuses = {kApproved}, .to = february}}), 3);
    EXPECT_EQ(asked({.filter = {.from = february}}), 0);
}

TEST_F(ConversionsTest, FiltersAndOrders) {
    EXPECT_EQ(Clicks({.filter = {.goal_types = {kRegistration}}}), "2:54");
    EXPECT_EQ(Clicks({.filter = {.affiliates = {"7"}}}), "3:420");
    EXPECT_EQ(Clicks({.filter = {.statuses = {kApproved}}, .descending = false}), "3:135");
    EXPECT_EQ(Clicks({.filter = {.click_prefix = "c3"}}), "1:3");
    EXPECT_EQ(Clicks({.filter = {.click_prefix = "3"}}), "0:") << "the beginning of a click id";
    EXPECT_EQ(Clicks({.filter = {.from = Time{2'000}, .to = Time{4'000}}}), "2:32")
        << "`to` is not within";
    EXPECT_EQ(Clicks({.sort = "amount", .descending = false}), "6:032514");
    EXPECT_EQ(Clicks({.page = 2, .limit = 2, .sort = "click_id", .descending = false}), "6:23");
}

TEST_F(ConversionsTest, StatisticsAreOfEverything) {
    auto stats = ConversionStatsOf(*engine_, Time{5'000});
    ASSERT_TRUE(stats);
    EXPECT_EQ(stats->total.count, 6);
    EXPECT_EQ(stats->month.count, 6);
    EXPECT_EQ(stats->approved.count, 3);
    EXPECT_EQ(stats->total.sums.Default(), "19");
    EXPECT_TRUE(stats->total.sums.ByCurrency().empty());
    EXPECT_EQ(stats->goal_types.at("deposit").count, 4);
    EXPECT_EQ(stats->affiliates.at("8").count, 3);
    EXPECT_EQ(ConversionStatsOf(*engine_, Time::Now())->month.count, 0) << "1970 is another month";
}

TEST_F(ConversionsTest, SumsOfOtherCurrenciesStandApart) {
    for (const char* currency : {"USD", "EUR", "EUR"}) {
        domain::Conversion c;
        c.id = ObjectId::New();
        c.key = {ClickId(c.id.Hex()), GoalId("6"), ""};
        c.goal_type = domain::GoalType::kDeposit;
        c.status = domain::Status::kApproved;
        c.fields.Set(domain::Field::kAffiliateId, "9");
        c.fields.Set(domain::Field::kAmount, "1000000000000");
        c.fields.Set(domain::Field::kCurrency, currency);
        store::Write write{store::RefOf(c.key), {}, domain::Encode(c)};
        ASSERT_TRUE(engine_->Commit(std::span(&write, 1)));
    }
    auto stats = ConversionStatsOf(*engine_, Time{5'000});
    ASSERT_TRUE(stats);
    using Map = std::map<std::string, std::string>;
    EXPECT_EQ(stats->total.count, 9);
    EXPECT_EQ(stats->total.sums.Default(), "1000000000019");
    const Map all = {{"EUR", "2000000000000"}, {"USD", "1000000000019"}};
    EXPECT_EQ(stats->total.sums.ByCurrency(), all);
    const Map own = {{"EUR", "2000000000000"}, {"USD", "1000000000000"}};
    EXPECT_EQ(stats->affiliates.at("9").sums.ByCurrency(), own);
    EXPECT_TRUE(stats->affiliates.at("8").sums.ByCurrency().empty());
}

}  // namespace
}  // namespace barracuda::report
