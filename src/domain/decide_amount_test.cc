// What becomes of a sum that nobody reported: filled with its currency, and never in the way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/decide.h"

namespace barracuda::domain {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Report Says(Speaker speaker, std::vector<std::pair<Field, const char*>> given) {
    Report report;
    report.speaker = speaker;
    report.route = "ftd";
    report.key = {ClickId("c1"), GoalId("6"), ""};
    report.goal_type = GoalType::kDeposit;
    for (const auto& [field, value] : given) report.given.Set(field, value);
    report.defaults.Set(Field::kAmount, "0");
    report.defaults.Set(Field::kCurrency, kDefaultCurrency);
    return report;
}

// The decisions of one report after the other.
struct Sale {
    std::optional<Conversion> state;
    Decision last;

    const Decision& Hear(const Report& report) {
        last = Decide(state, report, Time{1'700'000'000'000}, "node-1");
        state = last.document;
        return last;
    }
    std::string Get(Field field) const { return std::string(state->fields.Get(field)); }
};

TEST(DecideAmount, IsFilledWithItsCurrency) {
    Sale sale;
    sale.Hear(Says(Speaker::kKeyed, {}));
    EXPECT_EQ(sale.Get(Field::kCurrency), "USD");
    const auto yen = Says(Speaker::kKeyed, {{Field::kAmount, "25000"}, {Field::kCurrency, "JPY"}});
    EXPECT_EQ(sale.Hear(yen).verdict, Verdict::kUpdated);
    EXPECT_THAT(sale.last.conflicts, IsEmpty());
    EXPECT_EQ(sale.Get(Field::kAmount) + sale.Get(Field::kCurrency), "25000JPY");
    EXPECT_EQ(sale.Hear(yen).verdict, Verdict::kDuplicate);
}

TEST(DecideAmount, IsFilledInItsCurrencyWhereTheReportGivesNone) {
    Sale sale;
    sale.Hear(Says(Speaker::kKeyed, {{Field::kCurrency, "EUR"}}));
    sale.Hear(Says(Speaker::kKeyed, {{Field::kAmount, "9"}}));
    EXPECT_EQ(sale.Get(Field::kAmount) + sale.Get(Field::kCurrency), "9EUR")
        << "a default does not count as given";
}

TEST(DecideAmount, TheInventedOneReportedIsADuplicate) {
    Sale sale;
    sale.Hear(Says(Speaker::kChain, {{Field::kAmount, "100"}}));
    sale.Hear(Says(Speaker::kKeyed, {}));
    EXPECT_EQ(
        sale.Hear(Says(Speaker::kKeyed, {{Field::kAmount, "100"}})).verdict, Verdict::kDuplicate
    );
    EXPECT_THAT(sale.state->assumed, IsEmpty()) << "from now on it stands";
    EXPECT_EQ(
        sale.Hear(Says(Speaker::kKeyed, {{Field::kAmount, "7"}})).verdict, Verdict::kDuplicate
    );
    EXPECT_EQ(sale.Get(Field::kAmount), "100");
}

TEST(DecideAmount, AnInventedOneGivesWayAlsoAfterAReportWithoutASum) {
    Sale sale;
    sale.Hear(Says(Speaker::kChain, {{Field::kAmount, "100"}, {Field::kSaleAmount, "100"}}));
    sale.Hear(Says(Speaker::kKeyed, {}));
    EXPECT_EQ(sale.state->provenance, Provenance::kReported);
    EXPECT_EQ(sale.Get(Field::kAmount), "100");
    EXPECT_THAT(sale.state->assumed, ElementsAre(Field::kAmount, Field::kSaleAmount));
    const auto first = Says(
        Speaker::kKeyed,
        {{Field::kAmount, "250"}, {Field::kSaleAmount, "300"}, {Field::kCurrency, "EUR"}}
    );
    EXPECT_EQ(sale.Hear(first).verdict, Verdict::kUpdated);
    EXPECT_THAT(sale.last.conflicts, IsEmpty());
    EXPECT_EQ(sale.Get(Field::kAmount) + sale.Get(Field::kCurrency), "250EUR");
    EXPECT_EQ(sale.Get(Field::kSaleAmount), "300");
    EXPECT_THAT(sale.state->assumed, IsEmpty());
    sale.Hear(Says(Speaker::kKeyed, {{Field::kAmount, "7"}}));
    EXPECT_EQ(sale.last.verdict, Verdict::kDuplicate);
    EXPECT_EQ(sale.Get(Field::kAmount), "250");
}

TEST(DecideAmount, ASumThatWasNamedIsNotInvented) {
    Sale sale;
    sale.Hear(Says(Speaker::kChain, {{Field::kAmount, "100"}, {Field::kSaleAmount, "100"}}));
    sale.Hear(Says(Speaker::kKeyed, {{Field::kSaleAmount, "80"}}));
    EXPECT_THAT(sale.state->assumed, ElementsAre(Field::kAmount));
    // The very sum that was invented: now somebody has said it.
    sale.Hear(Says(Speaker::kKeyed, {{Field::kAmount, "100"}, {Field::kSaleAmount, "90"}}));
    EXPECT_EQ(sale.last.verdict, Verdict::kDuplicate);
    EXPECT_TRUE(sale.last.changed);
    EXPECT_EQ(sale.Get(Field::kSaleAmount), "80");
    sale.Hear(Says(Speaker::kKeyed, {{Field::kAmount, "250"}}));
    EXPECT_EQ(sale.Get(Field::kAmount), "100");
}

TEST(DecideAmount, AnAdminNamesItForGood) {
    Sale confirmed, corrected;
    for (Sale* sale : {&confirmed, &corrected}) {
        sale->Hear(Says(Speaker::kChain, {{Field::kAmount, "100"}}));
    }
    confirmed.Hear(Says(Speaker::kAdmin, {}));
    EXPECT_THAT(confirmed.state->assumed, IsEmpty());
    corrected.Hear(Says(Speaker::kKeyed, {}));
    corrected.Hear(Says(Speaker::kAdmin, {{Field::kAmount, "100"}}));
    EXPECT_THAT(corrected.state->assumed, IsEmpty());
    for (Sale* sale : {&confirmed, &corrected}) {
        sale->Hear(Says(Speaker::kKeyed, {{Field::kAmount, "250"}}));
        EXPECT_EQ(sale->Get(Field::kAmount), "100");
    }
}

}  // namespace
}  // namespace barracuda::domain
