// The rules of an adoption, as a table: documents as the seed wrote them go in as JSON.
#include "adopt/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adopt/plan_fixture.h"

namespace barracuda::adopt {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

AdoptRules Rules() {
    return {
        .goal_types = {{"5", domain::GoalType::kRegistration}, {"6", domain::GoalType::kDeposit}},
        .now = Time{1'800'000'000'000}};
}

std::string Id(int number) {
    char text[32];
    snprintf(text, sizeof text, "65a0000000000000000000%02x", number);
    return text;
}

AdoptPlan Plan(
    std::vector<std::string> conversions,
    std::vector<std::string> postbacks = {},
    std::vector<std::string> ftds = {},
    const char* goal = "6"
) {
    SeedGroup group{{ClickId("2"), GoalId(goal), ""}, conversions, postbacks, ftds};
    return PlanKey(group, Rules());
}

constexpr const char* kPlain =
    R"("click_id":"2","goal_id":"6","goal_type":"deposit","affiliate_id":"7","amount":100.0,)"
    R"("status":"pending","sub1":null,"hash":"h")";

TEST(SeedKey, IdsOfAnyTypeDigitForDigit) {
    struct Case {
        const char* value;
        const char* text;  // nullptr: refused
    };
    for (const auto& [value, text] : std::vector<Case>{
             {R"("abc")", "abc"},
             {R"("005")", "005"},
             {"2", "2"},
             {R"({"$numberLong":"9007199254740993"})", "9007199254740993"},
             {R"({"$numberDouble":"2.0"})", "2"},
             {R"({"$numberDouble":"1700000000001.0"})", "1700000000001"},
             {R"({"$numberDouble":"9007199254740992.0"})", "9007199254740992"},
             {R"({"$numberDouble":"2.5"})", "2.5"},
             {R"({"$numberDecimal":"12"})", "12"},
             {R"({"$oid":"65a000000000000000000001"})", "65a000000000000000000001"},
             {"true", nullptr},
             {R"({"$date":5})", nullptr},
             {"{}", nullptr},
             {"[]", nullptr},
             {R"("a\nb")", nullptr},
             {R"({"$numberDouble":"NaN"})", nullptr},
             {"null", nullptr},
             {R"("")", nullptr}}) {
        std::string bson = Bson(R"({"goal_id":"5","click_id":)" + std::string(value) + "}");
        auto key = SeedKeyOf(SeedKind::kConversion, bson, Rules());
        ASSERT_EQ(key.has_value(), text != nullptr) << value;
        if (key) {
            EXPECT_EQ(key->click.value, text) << value;
        } else {
            EXPECT_THAT(key.error().message, HasSubstr("click")) << value;
        }
    }
    std::string longest = Bson(R"({"goal_id":"5","click_id":")" + std::string(1024, 'x') + "\"}");
    EXPECT_TRUE(SeedKeyOf(SeedKind::kConversion, longest, Rules()));
    std::string longer = Bson(R"({"goal_id":"5","click_id":")" + std::string(1025, 'x') + "\"}");
    EXPECT_FALSE(SeedKeyOf(SeedKind::kConversion, longer, Rules()));
}

TEST(SeedKey, TheGoalOfEachCollection) {
    auto goal = [](SeedKind kind, const char* json) {
        auto key = SeedKeyOf(kind, Bson(json), Rules());
        return key ? key->goal.value : "refused: " + key.error().message;
    };
    EXPECT_EQ(goal(SeedKind::kConversion, R"({"click_id":"c","goal_id":5})"), "5");
    EXPECT_EQ(goal(SeedKind::kConversion, R"({"click_id":"c","goal_type":"deposit"})"), "6");
    EXPECT_EQ(
        goal(
            SeedKind::kConversion, R"({"click_id":"c","goal_id":null,"goal_type":"registration"})"
        ),
        "5"
    );
    EXPECT_EQ(
        goal(SeedKind::kConversion, R"({"click_id":"c","goal_type":"x"})"), "refused: no goal"
    );
    EXPECT_EQ(goal(SeedKind::kPostback, R"({"click_id":"c","goal":"registration"})"), "5");
    EXPECT_EQ(goal(SeedKind::kPostback, R"({"click_id":"c","goal":9})"), "9");
    EXPECT_EQ(goal(SeedKind::kPostback, R"({"click_id":"c"})"), "refused: no goal");
    EXPECT_EQ(goal(SeedKind::kFtd, R"({"click_id":"c"})"), "6");
}

TEST(PlanKey, WhatIsInOrderStaysAsItIs) {
    auto plan = Plan({Seed(1, kPlain)});
    EXPECT_THAT(plan.update, IsEmpty());
    EXPECT_THAT(plan.insert, IsEmpty());
    EXPECT_THAT(plan.merged, IsEmpty());
    EXPECT_THAT(plan.counts, ElementsAre(Pair("conversions.unchanged", 1)));
    EXPECT_EQ(plan.document->provenance, domain::Provenance::kUnknown);
}

TEST(PlanKey, NumbersBecomeTextAndNothingElseIsTouched) {
    auto stored = Seed(
        1,
        R"("click_id":2,"goal_id":{"$numberDouble":"6.0"},"goal_type":"deposit","affiliate_id":7,)"
        R"("amount":99.5,"status":"approved","sub1":null,"hash":"h")"
    );
    auto plan = Plan({stored});
    EXPECT_EQ(
        Json(plan.update), R"({ "$set" : { "click_id" : "2", "goal_id" : "6", "rev" : 1 } })"
    );
    EXPECT_THAT(plan.counts, ElementsAre(Pair("conversions.ids_made_text", 1)));
    // Twice is once.
    auto again = Plan({Applied(stored, plan.update)});
    EXPECT_THAT(again.update, IsEmpty());
}

TEST(PlanKey, MissingGoalsTypesAndDatesAreFilled) {
    auto stored =
        Bson(R"({"_id":{"$oid":"65a000000000000000000001"},"click_id":"2","goal_type":"deposit"})");
    auto plan = Plan({stored});
    EXPECT_EQ(plan.document->key.goal.value, "6");
    EXPECT_EQ(plan.document->created, Time{0x65a00000LL * 1000}) << "of its _id";
    EXPECT_THAT(
        plan.counts,
        ElementsAre(
            Pair("conversions.dates_set", 1),
            Pair("conversions.ids_made_text", 1),
            Pair("conversions.statuses_set", 1)
        )
    );
    plan = Plan({Seed(1, R"("click_id":"2","goal_id":"6","goal_type":null,"status":"approved")")});
    EXPECT_EQ(plan.document->goal_type, domain::GoalType::kDeposit);
    EXPECT_THAT(plan.counts, ElementsAre(Pair("conversions.types_set", 1)));
    struct Case {
        const char* created;
        int64_t ms;
    };
    for (const auto& [created, ms] : std::vector<Case>{
             {R"("2024-01-02T03:04:05Z")", 1'704'164'645'000},
             {"1704164645000", 1'704'164'645'000},
             {"1704164645", 1'704'164'645'000},
             {R"("yesterday")", 77},
             {"null", 77}}) {
        plan = Plan({Bson(
            R"({"_id":{"$oid":"65a000000000000000000001"},"click_id":"2","goal_id":"6",)"
            R"("goal_type":"deposit","updatedAt":{"$date":77},"createdAt":)" +
            std::string(created) + "}"
        )});
        EXPECT_EQ(plan.document->created.ms, ms) << created;
        EXPECT_THAT(Json(plan.update), HasSubstr("createdAt")) << created;
    }
}

// The server sums and filters by what is stored: a status that reads as pending has to be one.
TEST(PlanKey, WhatListsAskForIsStored) {
    for (const char* status : {"null", "\"Weird\"", "5", "\"\""}) {
        auto stored = Seed(
            1, R"("click_id":"2","goal_id":"9","goal_type":"x","status":)" + std::string(status)
        );
        auto plan = Plan({stored}, {}, {}, "9");
        EXPECT_EQ(
            Json(plan.update),
            R"({ "$set" : { "goal_type" : "other", "status" : "pending", "rev" : 1 } })"
        ) << status;
        EXPECT_THAT(
            plan.counts,
            ElementsAre(Pair("conversions.statuses_set", 1), Pair("conversions.types_set", 1))
        );
        EXPECT_THAT(Plan({Applied(stored, plan.update)}, {}, {}, "9").update, IsEmpty());
    }
    auto without = Seed(1, R"("click_id":"2","goal_id":"9")");
    auto after = Applied(without, Plan({without}, {}, {}, "9").update);
    EXPECT_EQ(domain::TopText(after, "status"), "pending");
    EXPECT_EQ(domain::TopText(after, "goal_type"), "other");
}

TEST(PlanKey, AnAcceptedPostbackIsAFinishedDelivery) {
    struct Case {
        const char* what;  // status and metadata
        std::vector<std::string> kinds;
    };
    for (const auto& [what, kinds] : std::vector<Case>{
             {R"("status":"approved","metadata":{"postbackSuccess":true,"postbackResponse":"OK"})",
              {"goal_postback"}},
             {R"("status":"pending","metadata":{"postbackSuccess":true})", {"goal_postback"}},
             {R"("status":"approved","metadata":{"postbackSuccess":false,"postbackResponse":"no"})",
              {}},
             {R"("status":"approved","metadata":{"postbackResponse":"{}"})", {"goal_postback"}},
             {R"("status":"pending","metadata":{"postbackResponse":"fetch failed"})", {}},
             {R"("status":"approved","metadata":{"name":"n"})", {}},
             {R"("status":"approved","metadata":"text")", {}},
             {R"("status":"approved")", {}},
             {R"("status":"pending","metadata":{"privateApiConversion":{"id":4},"apiError":null})",
              {"private_api"}},
             {R"("status":"pending","metadata":{"privateApiConversion":null,"apiError":"x"})", {}},
             {R"("status":"pending","metadata":{"privateApiConversion":{"id":4},"apiError":"x"})",
              {}}}) {
        auto stored =
            Seed(1, R"("click_id":"2","goal_id":"6","goal_type":"deposit",)" + std::string(what));
        auto plan = Plan({stored});
        std::vector<std::string> found;
        for (const auto& delivery : plan.document->deliveries) {
            EXPECT_EQ(delivery.state, domain::DeliveryState::kDone);
            EXPECT_EQ(delivery.network, "default");
            EXPECT_EQ(
                delivery.id, domain::DeliveryIdOf(plan.document->id, "default", delivery.kind)
            );
            found.push_back(delivery.kind);
        }
        EXPECT_EQ(found, kinds) << what;
        EXPECT_FALSE(plan.document->due) << what;
        EXPECT_EQ(plan.update.empty(), kinds.empty()) << what;
        EXPECT_TRUE(Plan({Applied(stored, plan.update)}).update.empty()) << what;
    }
    auto plan = Plan({Seed(
        1,
        R"("click_id":"2","goal_id":"6","goal_type":"deposit",)"
        R"("status":"pending","metadata":{"privateApiConversion":{"id":4}})"
    )});
    EXPECT_EQ(plan.document->deliveries.at(0).response, R"({ "id" : 4 })");
}

TEST(PlanKey, OfSeveralTheOneWithATextKeyStaysAndIsFilled) {
    auto number = Seed(
        1,
        R"("click_id":2,"goal_id":6,"goal_type":"deposit","affiliate_id":"7","amount":250,)"
        R"("status":"approved","sub2":"s","metadata":{"postbackSuccess":true})"
    );
    auto text = Seed(
        2,
        R"("click_id":"2","goal_id":"6","goal_type":"deposit","affiliate_id":"8","amount":0,)"
        R"("status":"pending")"
    );
    for (const auto& order : {std::vector{number, text}, std::vector{text, number}}) {
        auto plan = Plan(order);
        const domain::Conversion& c = *plan.document;
        EXPECT_EQ(plan.before, text);
        EXPECT_THAT(plan.merged, ElementsAre(number));
        EXPECT_EQ(c.id.Hex(), Id(2));
        EXPECT_EQ(c.fields.Get(domain::Field::kAmount), "250") << "0 is filled";
        EXPECT_EQ(c.fields.Get(domain::Field::kSub2), "s");
        EXPECT_EQ(c.fields.Get(domain::Field::kAffiliateId), "8") << "what it has stays";
        EXPECT_EQ(c.status, domain::Status::kApproved) << "the one further on";
        EXPECT_EQ(c.created.ms, 1'700'000'001) << "the earlier one";
        EXPECT_EQ(c.rev, 1);
        ASSERT_EQ(c.deliveries.size(), 1u);
        EXPECT_EQ(c.deliveries[0].id, domain::DeliveryIdOf(c.id, "default", "goal_postback"));
        ASSERT_EQ(c.history.size(), 1u);
        EXPECT_EQ(c.history[0].by, "adopt");
        EXPECT_EQ(c.history[0].field, "merged");
        EXPECT_EQ(c.history[0].from, "conversions/" + Id(1));
        EXPECT_EQ(c.history[0].to, "amount 250, status approved, affiliate 7");
        EXPECT_THAT(
            plan.differences,
            ElementsAre(AdoptDifference{"conversions/" + Id(1), "affiliate_id", "8", "7"})
        );
        EXPECT_EQ(plan.counts["conversions.merged"], 1);
        EXPECT_EQ(plan.counts.count("conversions.unchanged"), 0u);
        // Broken off between the update and the deletion.
        auto rest = Plan({Applied(text, plan.update), number});
        EXPECT_THAT(rest.update, IsEmpty());
        EXPECT_THAT(rest.merged, ElementsAre(number));
        EXPECT_TRUE(rest.counted && !plan.counted);
    }
}

TEST(PlanKey, WithoutATextKeyTheOldestStays) {
    auto oldest = Seed(1, R"("click_id":2,"goal_id":"6","goal_type":"deposit","amount":1)");
    auto later = Seed(2, R"("click_id":"2","goal_id":6,"goal_type":"deposit","amount":2)");
    auto last = Seed(3, R"("click_id":2,"goal_id":6,"goal_type":"deposit","amount":3)");
    auto plan = Plan({last, later, oldest});
    EXPECT_EQ(plan.before, oldest);
    EXPECT_THAT(plan.merged, ElementsAre(later, last));
    EXPECT_EQ(plan.document->fields.Get(domain::Field::kAmount), "1");
    EXPECT_THAT(
        plan.differences,
        ElementsAre(
            AdoptDifference{"conversions/" + Id(2), "amount", "1", "2"},
            AdoptDifference{"conversions/" + Id(3), "amount", "1", "3"}
        )
    );
}

TEST(PlanKey, ReportedHistoryWins) {
    auto ours = Seed(
        2,
        R"("click_id":"2","goal_id":"6","goal_type":"deposit","amount":250,"status":"approved",)"
        R"("provenance":"reported","rev":3)"
    );
    auto theirs = Seed(
        1, R"("click_id":2,"goal_id":"6","goal_type":"deposit","amount":9,"status":"rejected")"
    );
    auto plan = Plan({theirs, ours});
    EXPECT_EQ(plan.before, ours);
    EXPECT_EQ(plan.document->fields.Get(domain::Field::kAmount), "250");
    EXPECT_EQ(plan.document->status, domain::Status::kApproved);
    EXPECT_EQ(plan.document->provenance, domain::Provenance::kReported);
    EXPECT_EQ(plan.document->rev, 4);
    EXPECT_EQ(plan.differences.size(), 2u) << "amount and status";
    // The confirmed one is the one that goes: what it says stays.
    auto confirmed = Seed(
        3,
        R"("click_id":2,"goal_id":6,"goal_type":"deposit","amount":250,"status":"approved",)"
        R"("provenance":"reported")"
    );
    plan = Plan({Seed(1, kPlain), confirmed});
    EXPECT_EQ(plan.document->fields.Get(domain::Field::kAmount), "250");
    EXPECT_EQ(plan.document->provenance, domain::Provenance::kReported);
}

TEST(PlanKey, APostbackAloneIsUnknownAndWithAConversionFillsIt) {
    auto row = Seed(
        4,
        R"("click_id":2,"goal":"deposit","affiliate_id":"7","amount":30,"status":"approved",)"
        R"("sub3":"x","hash":"h")"
    );
    auto alone = Plan({}, {row});
    EXPECT_FALSE(alone.before);
    auto stored = domain::DecodeConversion(alone.insert);
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored->id.Hex(), Id(4));
    EXPECT_EQ(stored->key.click.value, "2");
    EXPECT_EQ(stored->key.goal.value, "6");
    EXPECT_EQ(stored->goal_type, domain::GoalType::kDeposit);
    EXPECT_EQ(stored->provenance, domain::Provenance::kUnknown);
    EXPECT_EQ(stored->status, domain::Status::kApproved);
    EXPECT_EQ(stored->fields.Get(domain::Field::kAmount), "30");
    EXPECT_EQ(stored->created.ms, 1'700'000'004);
    EXPECT_EQ(stored->rev, 1);
    EXPECT_EQ(domain::TopText(alone.insert, "hash"), "h");
    EXPECT_EQ(domain::TopText(alone.insert, "goal"), std::nullopt);
    EXPECT_THAT(alone.counts, ElementsAre(Pair("postbacks.recorded", 1)));
    auto again = Plan({alone.insert}, {row});
    EXPECT_TRUE(again.update.empty() && again.insert.empty());

    auto beside = Plan({Seed(1, kPlain)}, {row});
    EXPECT_EQ(beside.document->fields.Get(domain::Field::kAmount), "100") << "what is there stays";
    EXPECT_EQ(beside.document->fields.Get(domain::Field::kSub3), "x");
    EXPECT_EQ(beside.document->status, domain::Status::kApproved);
    EXPECT_EQ(beside.document->provenance, domain::Provenance::kUnknown);
    EXPECT_EQ(beside.counts["postbacks.completed"], 1);
    EXPECT_TRUE(Plan({Applied(Seed(1, kPlain), beside.update)}, {row}).update.empty());

    auto nothing_new = Seed(5, R"("click_id":"2","goal":"deposit","affiliate_id":"7")");
    auto known = Plan({Seed(1, kPlain)}, {nothing_new});
    EXPECT_THAT(known.update, IsEmpty()) << "no news, no write";
    EXPECT_EQ(known.counts["postbacks.known"], 1);
}

TEST(PlanKey, AnFtdIsAReportOfRoute4) {
    auto row = Seed(4, R"("click_id":"2","affiliate_id":"7","amount":250.5,"sale_amount":300)");
    auto alone = Plan({}, {}, {row});
    auto stored = domain::DecodeConversion(alone.insert);
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored->provenance, domain::Provenance::kReported);
    EXPECT_EQ(stored->status, domain::Status::kApproved) << "route 4's default";
    EXPECT_EQ(stored->fields.Get(domain::Field::kAmount), "250.5");
    EXPECT_EQ(stored->route, "ftd");
    EXPECT_EQ(stored->created.ms, 1'700'000'004);

    auto plan = Plan({Seed(1, kPlain)}, {}, {row});
    EXPECT_EQ(plan.document->provenance, domain::Provenance::kReported);
    EXPECT_EQ(plan.document->fields.Get(domain::Field::kAmount), "250.5") << "its values replace";
    EXPECT_EQ(plan.document->fields.Get(domain::Field::kSaleAmount), "300");
    EXPECT_EQ(plan.document->status, domain::Status::kApproved);
    EXPECT_EQ(plan.document->created.ms, 1'700'000'001);
    EXPECT_EQ(plan.document->rev, 1);
    EXPECT_EQ(plan.counts["ftds.confirmed"], 1);
    EXPECT_THAT(Json(plan.update), HasSubstr("\"provenance\" : \"reported\""));
    auto again = Plan({Applied(Seed(1, kPlain), plan.update)}, {}, {row});
    EXPECT_THAT(again.update, IsEmpty());
    EXPECT_EQ(again.counts["ftds.known"], 1);

    auto rejected = Plan(
        {Seed(1, R"("click_id":"2","goal_id":"6","goal_type":"deposit","status":"rejected")")},
        {},
        {row}
    );
    EXPECT_EQ(rejected.document->status, domain::Status::kRejected) << "a status never goes back";
    EXPECT_THAT(
        rejected.differences,
        ElementsAre(AdoptDifference{"ftds/" + Id(4), "status", "rejected", "approved"})
    );
}

TEST(PlanKey, AllThreeInOneWrite) {
    auto number = Seed(1, R"("click_id":2,"goal_id":"6","goal_type":"deposit","amount":100)");
    auto text = Seed(2, kPlain);
    auto postback = Seed(3, R"("click_id":"2","goal":"deposit","amount":70,"sub4":"y")");
    auto ftd = Seed(4, R"("click_id":2,"affiliate_id":7,"amount":250,"status":"approved")");
    auto plan = Plan({number, text}, {postback}, {ftd});
    EXPECT_EQ(plan.document->fields.Get(domain::Field::kAmount), "250");
    EXPECT_EQ(plan.document->fields.Get(domain::Field::kSub4), "y");
    EXPECT_EQ(plan.document->rev, 1);
    EXPECT_EQ(plan.document->key.click.value, "2");
    auto after = Applied(text, plan.update);
    EXPECT_EQ(domain::Encode(*domain::DecodeConversion(after)), Encode(*plan.document));
    auto again = Plan({after}, {postback}, {ftd});
    EXPECT_THAT(again.update, IsEmpty());
    EXPECT_EQ(domain::TopText(after, "hash"), "h");
}

TEST(PlanKey, AnIdThatIsNoObjectIdIsReplaced) {
    auto stored = Bson(R"({"_id":"their own","click_id":"2","goal_id":"6","goal_type":"deposit",)"
                       R"("status":"pending","createdAt":{"$date":5},"theirs":{"a":1}})");
    auto plan = Plan({stored});
    EXPECT_EQ(plan.before, stored);
    EXPECT_THAT(plan.update, IsEmpty());
    auto made = domain::DecodeConversion(plan.insert);
    ASSERT_TRUE(made);
    EXPECT_EQ(made->id, SubstituteId("conversions", stored));
    EXPECT_THAT(Json(plan.insert), HasSubstr("\"theirs\" : { \"a\" : 1 }"));
    EXPECT_THAT(plan.counts, ElementsAre(Pair("conversions.ids_renewed", 1)));
    EXPECT_TRUE(Plan({plan.insert}).update.empty());
    EXPECT_FALSE(HasSubstituteId(stored));
    EXPECT_TRUE(HasSubstituteId(plan.insert));
    EXPECT_FALSE(HasSubstituteId(Seed(1, kPlain)));
}

// The time in the id that we made was read as the document's: it was of the year 2089.
TEST(PlanKey, AnIdThatWeMadeTellsNoAge) {
    auto undated = [](const char* id, const char* click) {
        return Bson(
            R"({"goal_id":"6","goal_type":"deposit","status":"pending","_id":)" + std::string(id) +
            R"(,"click_id":)" + click + "}"
        );
    };
    auto plan = Plan({undated("\"their own\"", "\"2\"")});
    EXPECT_EQ(plan.document->created, Time{});
    EXPECT_TRUE(Plan({plan.insert}).update.empty());
    // Of two the one date that is known stays.
    auto dated = Seed(7, kPlain);
    const Time known = domain::DecodeConversion(dated)->created;
    EXPECT_EQ(Plan({dated, undated("5", "2")}).document->created, known);
    auto text = Plan({undated("\"their own\"", "\"2\""), Seed(7, R"("click_id":2,"goal_id":"6")")});
    EXPECT_EQ(text.document->created, known);
}

}  // namespace
}  // namespace barracuda::adopt
