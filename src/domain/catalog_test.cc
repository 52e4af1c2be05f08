// Networks, goals and offers: what is refused and where, the codec, and whom a conversion is told
// to.
#include "domain/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace barracuda::domain {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Network Tracker(NetworkName name) {
    Network network;
    network.name = std::move(name);
    network.postback.url = "https://t.example/p?c={click_id}";
    return network;
}

Network Irev(NetworkName name) {
    Network network;
    network.name = std::move(name);
    network.kind = NetworkKind::kIrevV3;
    network.base_url = "https://network.example/api/v3";
    return network;
}

Goal GoalOf(std::string id, GoalType type, std::string then = "") {
    Goal goal;
    goal.id = std::move(id);
    goal.type = type;
    goal.then = std::move(then);
    return goal;
}

Catalog::Parts BuiltIn() {
    return {
        .networks = {Irev("default")},
        .goals = {GoalOf("5", GoalType::kRegistration, "6"), GoalOf("6", GoalType::kDeposit)},
        .offers = {}};
}

std::vector<std::string> ToldTo(
    const Catalog& catalog, std::string_view goal, std::string_view offer
) {
    std::vector<std::string> names;
    for (const auto& ask : catalog.AsksFor(goal)) {
        if (ask.offers.Admits(offer)) names.push_back(ask.network.value);
    }
    return names;
}

TEST(Network, WhatIsRefusedAndWhere) {
    struct Case {
        void (*change)(Network&);
        const char* field;
        const char* reason;
    };
    const std::vector<Case> templates = {
        {[](Network& n) { n.name = ""; }, "name", "letters"},
        {[](Network& n) { n.name = "a/b"; }, "name", "letters"},
        {[](Network& n) { n.name = ".."; }, "name", "letters"},
        {[](Network& n) { n.name = NetworkName(std::string(65, 'a')); }, "name", "64"},
        {[](Network& n) { n.name = "default"; }, "kind", "irev_v3"},
        {[](Network& n) { n.base_url = "https://x.example"; }, "base_url", "postback"},
        {[](Network& n) { n.delivery_parameter = "d"; }, "delivery_parameter", "postback"},
        {[](Network& n) { n.limits.concurrency = -1; }, "limits.concurrency", "1 to 4096"},
        {[](Network& n) { n.limits.rate_per_second = 100'001; }, "limits.rate_per_second", "1 to"},
        {[](Network& n) { n.limits.attempt_timeout_ms = 9'001; },
         "limits.attempt_timeout_ms",
         "9000"},
        {[](Network& n) {
             n.limits.retry_ms = {0, -5};
         },
         "limits.retry_ms[1]",
         "seven days"},
        {[](Network& n) { n.limits.retry_ms.assign(21, 0); }, "limits.retry_ms", "20"},
        {[](Network& n) {
             n.limits.ports = {443, 0};
         },
         "limits.ports[1]",
         "65535"},
        {[](Network& n) { n.secrets = {"hunter2"}; }, "secrets[0]", "name of a secret"},
        {[](Network& n) { n.secrets = {"env:PATH"}; }, "secrets[0]", "BARRACUDA_SECRET_"},
        {[](Network& n) { n.secrets = {"file:../key"}; }, "secrets[0]", "file:NAME"},
        {[](Network& n) { n.secrets = {"file:/etc/shadow"}; }, "secrets[0]", "file:NAME"},
        {[](Network& n) { n.secrets = {"setting:store.url"}; }, "secrets[0]", "setting:"},
        {[](Network& n) {
             n.secrets = {"file:a", "file:b", "file:c"};
         },
         "secrets",
         "two"},
        {[](Network& n) { n.statuses = StatusSet::None(); }, "statuses", "pending or approved"},
        {[](Network& n) { n.statuses.bits = 4; }, "statuses", "pending or approved"},
        {[](Network& n) { n.postback.url = "https://t.example/{x}"; }, "postback.url", "{x}"},
        {[](Network& n) { n.postback.url = "https://t.example/?s={sig}"; }, "secrets", "{sig}"},
        {[](Network& n) { n.postback.url = "https://t.example/?s={status:approved=1}"; },
         "postback.url",
         "pending"},
        {[](Network& n) {
             n.postback.url = "https://t.example/?s={status:approved=1,pending=0}";
             n.updates = true;
         },
         "postback.url",
         "rejected"},
    };
    for (const auto& [change, field, reason] : templates) {
        SCOPED_TRACE(field);
        Network network = Tracker("tracker");
        EXPECT_FALSE(Check(network));
        change(network);
        auto problem = Check(network);
        ASSERT_TRUE(problem);
        EXPECT_EQ(problem->field, field);
        EXPECT_THAT(problem->reason, HasSubstr(reason));
    }
    const std::vector<Case> irev = {
        {[](Network& n) { n.base_url = ""; }, "base_url", "required"},
        {[](Network& n) { n.base_url = "https://x.example/?a=1"; }, "base_url", "query"},
        {[](Network& n) { n.base_url = "https://x.example/a b"; }, "base_url", "%XX"},
        {[](Network& n) { n.private_api_url = "x"; }, "private_api_url", "http"},
        {[](Network& n) { n.updates = true; }, "updates", "template"},
        {[](Network& n) { n.delivery_parameter = "a&b"; }, "delivery_parameter", "letters"},
        {[](Network& n) { n.postback.url = "https://t.example"; }, "postback", "template"},
        {[](Network& n) {
             n.secrets = {"file:a", "file:b"};
         },
         "secrets",
         "one"},
        {[](Network& n) { n.kind = NetworkKind::kIrevPrivate; }, "secrets", "token"},
        {[](Network& n) { n.private_secret = "x"; }, "private_secret", "name of a secret"},
    };
    for (const auto& [change, field, reason] : irev) {
        SCOPED_TRACE(field);
        Network network = Irev("second");
        EXPECT_FALSE(Check(network));
        change(network);
        auto problem = Check(network);
        ASSERT_TRUE(problem);
        EXPECT_EQ(problem->field, field);
        EXPECT_THAT(problem->reason, HasSubstr(reason));
    }
}

TEST(Entities, CodecKeepsEverything) {
    Network network = Tracker("t-1");
    network.active = false;
    network.every_offer = false;
    network.secrets = {"env:BARRACUDA_SECRET_A", "file:old"};
    network.limits = {8, 50, 5'000, {0, 5'000, 300'000}, {"127.0.0.0/8"}, {443, 8443}};
    network.statuses.bits = 2;
    network.goals = {"5", "6"};
    network.updates = true;
    network.postback = {
        .method = "POST",
        .url = "https://t.example/p",
        .headers = {"X-A: 1"},
        .body_type = "form",
        .body = "a={click_id}"};
    Amend(network.meta, {}, Flat(network), Time{1'000}, "admin:a");
    auto decoded = DecodeNetwork(Encode(network));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, network);

    Network irev = Irev("i");
    irev.private_api_url = "https://network.example/open";
    irev.private_secret = "setting:network.private_api_token";
    irev.delivery_parameter = "delivery";
    EXPECT_EQ(*DecodeNetwork(Encode(irev)), irev);

    Goal goal = GoalOf("7", GoalType::kOther, "6");
    goal.repeatable = true;
    goal.then_amount = "99.5";
    goal.then_when_delivered = true;
    Amend(goal.meta, {}, Flat(goal), Time{1'000}, "admin:a");
    EXPECT_EQ(*DecodeGoal(Encode(goal)), goal);

    Offer offer{.id = "2", .title = "Casino", .networks = {"t-1"}, .goals = {"6"}, .meta = {}};
    Amend(offer.meta, {}, Flat(offer), Time{1'000}, "admin:a");
    EXPECT_EQ(*DecodeOffer(Encode(offer)), offer);
    EXPECT_FALSE(DecodeOffer("no bson"));
}

TEST(Entities, HistoryNamesWhatDiffersAndIsBounded) {
    Offer offer{.id = "2", .title = "a", .networks = {}, .goals = {}, .meta = {}};
    auto before = Flat(offer);
    offer.title = "b";
    offer.networks = {"x", "y"};
    Amend(offer.meta, before, Flat(offer), Time{5'000}, "admin:a");
    EXPECT_EQ(offer.meta.rev, 1);
    EXPECT_EQ(offer.meta.created, Time{5'000});
    EXPECT_THAT(
        offer.meta.history,
        ElementsAre(
            HistoryEntry{Time{5'000}, "admin:a", "", "title", "a", "b"},
            HistoryEntry{Time{5'000}, "admin:a", "", "networks", "", "x, y"}
        )
    );
    for (int i = 0; i < 200; ++i) {
        before = Flat(offer);
        offer.title = std::to_string(i);
        Amend(offer.meta, before, Flat(offer), Time{6'000 + i}, "admin:a");
    }
    EXPECT_EQ(offer.meta.rev, 201);
    EXPECT_EQ(offer.meta.history.size(), EntityMeta::kHistoryMax);
    EXPECT_EQ(offer.meta.history.back().to, "199");
    EXPECT_EQ(offer.meta.created, Time{5'000});
}

TEST(Goal, ChainsAndTypes) {
    auto deposit = GoalOf("6", GoalType::kDeposit);
    auto registration = GoalOf("5", GoalType::kRegistration, "6");
    EXPECT_FALSE(CheckTogether({registration, deposit}));
    EXPECT_EQ(CheckTogether({registration})->field, "type");
    EXPECT_EQ(CheckTogether({deposit})->field, "type");
    registration.then = "9";
    EXPECT_THAT(CheckTogether({registration, deposit})->reason, HasSubstr("no goal \"9\""));
    registration.then = "6";
    deposit.then = "5";
    EXPECT_THAT(CheckTogether({registration, deposit})->reason, HasSubstr("back to itself"));
    deposit.then = "";
    deposit.repeatable = true;
    EXPECT_THAT(CheckTogether({registration, deposit})->reason, HasSubstr("repeatable"));
    auto odd = GoalOf("7", GoalType::kOther, "7");
    EXPECT_EQ(Check(odd)->field, "then");
    odd = GoalOf("a b", GoalType::kOther);
    EXPECT_EQ(Check(odd)->field, "id");
    odd = GoalOf("7", GoalType::kOther);
    odd.then_amount = "-1";
    EXPECT_EQ(Check(odd)->field, "then_amount");
}

TEST(Catalog, StoredEntitiesTakeThePlaceOfTheBuiltIn) {
    auto seed = Catalog::Build(BuiltIn(), {}, nullptr);
    EXPECT_THAT(seed->AsksFor("5"), IsEmpty());
    EXPECT_EQ(seed->GoalOfType(GoalType::kDeposit).id, "6");
    EXPECT_EQ(seed->FindNetwork("default")->base_url, "https://network.example/api/v3");

    Catalog::Parts stored;
    stored.networks = {Irev("default"), Tracker("t")};
    stored.networks[0].base_url = "https://other.example";
    stored.goals = {GoalOf("5", GoalType::kRegistration), GoalOf("7", GoalType::kDeposit)};
    auto catalog = Catalog::Build(BuiltIn(), stored, nullptr);
    EXPECT_EQ(catalog->FindNetwork("default")->base_url, "https://other.example");
    EXPECT_EQ(catalog->FindGoal("5")->then, "");
    EXPECT_EQ(catalog->GoalOfType(GoalType::kDeposit).id, "6");
    EXPECT_NE(catalog->TemplateOf("t"), nullptr);
    EXPECT_EQ(catalog->TemplateOf("default"), nullptr);
    EXPECT_THAT(ToldTo(*catalog, "5", ""), ElementsAre("t"));
}

TEST(Catalog, WhatNoLongerPassesIsLeftOutAndNamed) {
    Catalog::Parts stored;
    stored.networks = {Tracker("bad"), Tracker("good")};
    stored.networks[0].postback.url = "https://t.example/{gone}";
    stored.goals = {GoalOf("5", GoalType::kOther)};
    std::vector<Problem> refused;
    auto catalog = Catalog::Build(BuiltIn(), stored, &refused);
    ASSERT_EQ(refused.size(), 2u);
    EXPECT_EQ(refused[0].field, "network:bad postback.url");
    EXPECT_EQ(refused[1].field, "goal:* type");
    EXPECT_EQ(catalog->FindNetwork("bad"), nullptr);
    EXPECT_NE(catalog->FindNetwork("good"), nullptr);
    EXPECT_EQ(catalog->GoalOfType(GoalType::kRegistration).id, "5");
}

TEST(Catalog, ARuleThatLeadsNowhereGoesAloneAndEveryGoalStays) {
    struct Case {
        const char* about;
        std::vector<Goal> stored;
        std::vector<std::string> refused;
        std::vector<std::pair<std::string, std::string>> rules;
    };
    auto repeatable = GoalOf("23", GoalType::kOther);
    repeatable.repeatable = true;
    const Case cases[] = {
        {"a circle of two, saved on two nodes at one moment",
         {GoalOf("20", GoalType::kOther, "21"), GoalOf("21", GoalType::kOther, "20")},
         {"goal:20 then"},
         {{"20", ""}, {"21", "20"}}},
        {"a circle of three, and who leads into it",
         {GoalOf("20", GoalType::kOther, "21"),
          GoalOf("21", GoalType::kOther, "22"),
          GoalOf("22", GoalType::kOther, "20"),
          GoalOf("24", GoalType::kOther, "20")},
         {"goal:20 then"},
         {{"20", ""}, {"21", "22"}, {"22", "20"}, {"24", "20"}}},
        {"a target deleted meanwhile",
         {GoalOf("20", GoalType::kOther, "99"), GoalOf("21", GoalType::kOther, "20")},
         {"goal:20 then"},
         {{"20", ""}, {"21", "20"}}},
        {"a target that counts several times",
         {GoalOf("20", GoalType::kOther, "23"), repeatable},
         {"goal:20 then"},
         {{"20", ""}, {"23", ""}}},
        {"nothing wrong",
         {GoalOf("20", GoalType::kOther, "21"), GoalOf("21", GoalType::kOther, "6")},
         {},
         {{"20", "21"}, {"21", "6"}}}};
    for (const auto& [about, goals, expected, rules] : cases) {
        SCOPED_TRACE(about);
        std::vector<Problem> refused;
        auto catalog =
            Catalog::Build(BuiltIn(), {.networks = {}, .goals = goals, .offers = {}}, &refused);
        std::vector<std::string> fields;
        for (const auto& problem : refused) fields.push_back(problem.field);
        EXPECT_EQ(fields, expected);
        EXPECT_EQ(catalog->FindGoal("5")->then, "6") << "the settings' own";
        for (const auto& [id, then] : rules) {
            ASSERT_NE(catalog->FindGoal(id), nullptr) << id;
            EXPECT_EQ(catalog->FindGoal(id)->then, then) << id;
        }
    }
}

TEST(Catalog, OffersAndGoalsSayWhoIsTold) {
    Catalog::Parts stored;
    stored.networks = {Tracker("all"), Tracker("named"), Tracker("off"), Tracker("sale")};
    stored.networks[1].every_offer = false;
    stored.networks[2].active = false;
    stored.networks[3].goals = {"6"};
    stored.offers = {
        {.id = "2", .title = "", .networks = {"named"}, .goals = {}, .meta = {}},
        {.id = "3", .title = "", .networks = {"named", "all"}, .goals = {"6"}, .meta = {}},
        {.id = "4", .title = "", .networks = {}, .goals = {"5"}, .meta = {}}};
    auto catalog = Catalog::Build(BuiltIn(), stored, nullptr);
    EXPECT_THAT(ToldTo(*catalog, "5", "9"), ElementsAre("all"));
    EXPECT_THAT(ToldTo(*catalog, "6", "9"), ElementsAre("all", "sale"));
    EXPECT_THAT(ToldTo(*catalog, "77", ""), ElementsAre("all"));
    EXPECT_THAT(ToldTo(*catalog, "5", "2"), ElementsAre("named"));
    EXPECT_THAT(ToldTo(*catalog, "6", "2"), ElementsAre("named"));
    EXPECT_THAT(ToldTo(*catalog, "5", "3"), IsEmpty());
    EXPECT_THAT(ToldTo(*catalog, "6", "3"), ElementsAre("all", "named"));
    EXPECT_THAT(ToldTo(*catalog, "5", "4"), ElementsAre("all"));
    EXPECT_THAT(ToldTo(*catalog, "6", "4"), IsEmpty());
}

TEST(Catalog, KnowsHowManyDeliveriesAConversionMightOwe) {
    auto network = [](const NetworkName& name, bool updates = false) {
        Network one;
        one.name = name;
        one.updates = updates;
        one.postback.url = "https://a.example/p?c={click_id}";
        return one;
    };
    Catalog::Parts built_in;
    built_in.networks = {network(kDefaultNetwork)};
    built_in.goals = {
        {.id = "5", .type = GoalType::kRegistration}, {.id = "6", .type = GoalType::kDeposit}};
    auto catalog = Catalog::Build(built_in, {}, nullptr);
    EXPECT_EQ(catalog->OwedMost(), 0u) << "the default one is asked for by routes";
    catalog = catalog->With(network("a"));
    catalog = catalog->With(network("b", true));
    EXPECT_EQ(catalog->OwedMost(), 4u);
    auto off = network("c", true);
    off.active = false;
    EXPECT_EQ(catalog->With(off)->OwedMost(), 4u);
    auto of_five = network("d"), of_six = network("e");
    of_five.goals = {"5"};
    of_six.goals = {"6"};
    EXPECT_EQ(catalog->With(of_five)->With(of_six)->OwedMost(), 5u) << "never both";
    auto rare = network("f"), other = network("g");
    rare.every_offer = other.every_offer = false;
    catalog = catalog->With(rare)->With(other);
    EXPECT_EQ(catalog->OwedMost(), 4u) << "no offer names it";
    EXPECT_EQ(catalog->With(Offer{.id = "1", .networks = {"f"}})->OwedMost(), 4u) << "f alone";
    const Offer all{.id = "1", .networks = {"a", "b", "f"}};
    EXPECT_EQ(catalog->With(all)->OwedMost(), 5u);
    EXPECT_EQ(catalog->With(all)->With(Offer{.id = "2", .networks = {"g"}})->OwedMost(), 5u);
}

}  // namespace
}  // namespace barracuda::domain
