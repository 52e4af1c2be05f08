// Route 6: /api/goals/postback. Records, notifies the network once, answers what the network said.
#include <fmt/format.h>

#include <algorithm>

#include "api/record.h"
#include "api/routes.h"
#include "contacts/flow.h"
#include "delivery/catalog_store.h"
#include "net/url.h"

namespace barracuda::api {

using domain::Field;

namespace {

void AnswerGoal(const Call& call, const domain::Decision& decision, const domain::Conversion& c) {
    const auto* delivery = c.FindDelivery(domain::kDefaultNetwork, domain::kGoalPostback);
    bool done = delivery && delivery->state == domain::DeliveryState::kDone;
    bool dead = delivery && delivery->state == domain::DeliveryState::kDead;
    const auto& fresh = decision.fresh_deliveries;  // also of one that another route recorded
    bool now = delivery && std::find(fresh.begin(), fresh.end(), delivery->id) != fresh.end();
    bool cancelled = delivery && delivery->state == domain::DeliveryState::kCancelled;
    int status = dead ? 502 : done || cancelled || !delivery ? 200 : 202;
    // Nobody has asked the network.
    const bool no_room = !delivery ? c.status != domain::Status::kRejected : delivery->HadNoRoom();
    if (no_room) status = 502;
    const char* message = no_room ? "Conversion stored, but it owes too many deliveries already: "
                                    "the network was not told"
                          : dead  ? "The network refused the conversion"
                          : done  ? (now ? "Conversion delivered to the network"
                                         : "Duplicate conversion, already delivered")
                          : cancelled ? "Conversion stored, its delivery was cancelled"
                          : delivery  ? "Conversion stored, still being delivered"
                                      : "Conversion is rejected, nothing is delivered";
    JsonObject data;
    data.Text("id", c.id.Hex()).Text("click_id", c.key.click.value);
    data.Text("affiliate_id", c.fields.Get(Field::kAffiliateId));
    data.Text("goal_id", c.key.goal.value).Text("goal_type", domain::NameOf(c.goal_type));
    data.Amount("amount", c.fields.Get(Field::kAmount, "0"));
    data.Text("status", domain::NameOf(c.status));
    const bool may_see = delivery && call.caller.affiliate.empty();
    data.TextOrNull("postbackResponse", may_see ? delivery->response : "");
    if (delivery && delivery->status != 0) {
        data.Int("postbackStatusCode", delivery->status);
    } else {
        data.Raw("postbackStatusCode", "null");
    }
    data.Bool("isDuplicate", decision.is_duplicate);
    const bool success = status != 502;
    const auto body = Head(call, decision, success, message).Object("data", data);
    call.respond(JsonResponse(status, body, success ? "" : message));
}

GoalId ReadGoalType(Reports& reports, Reader& reader) {
    std::string type = reader.RequiredText("goal_type");
    if (type != "registration" && type != "deposit") {
        reader.Refuse("goal_type", "must be registration or deposit");
        type = "registration";
    }
    GoalId goal = GoalIdOf(reports, *domain::GoalTypeNamed(type));
    const GoalId id(reader.Id("goal_id"));
    if (!id.empty() && id != goal) reader.Refuse("goal_id", "contradicts goal_type");
    return goal;
}

}  // namespace

void PostGoalsPostback(Reports& reports, std::shared_ptr<Call> call) {
    auto input = Input::OfBody(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    domain::Report report;
    report.route = "goals_postback";
    ClickId click(reader.RequiredId("click_id"));
    Give(report, AffiliateId(reader.RequiredId("affiliate_id")));
    const GoalId goal = ReadGoalType(reports, reader);
    Give(report, OfferId(reader.Id("offer_id")));
    report.defaults.Set(Field::kOfferId, reports.offer.value);
    auto amount = reader.Amount("amount");
    auto deposit = reader.Amount("deposit_amount");
    if (amount && deposit && *amount != *deposit) {
        reader.Refuse("deposit_amount", "differs from amount, which means the same");
    }
    Give(report, Field::kAmount, amount ? amount : deposit);
    Give(report, Field::kSaleAmount, reader.Amount("sale_amount"));
    report.status = ReadStatus(reader);
    ReadCommon(reports, reader, click, goal, report);
    if (!FinishReading(reports, *call, *input, reader)) return;
    domain::DeliveryAsk ask{domain::kDefaultNetwork, domain::kGoalPostback, {}};
    if (auto hash = reports.flows.HashOfClick(click.value)) ask.extra.emplace_back("hash", *hash);
    report.deliveries.push_back(std::move(ask));
    Record(reports, call, std::move(report), [&reports, call](const domain::Decision& decision) {
        AwaitDelivery(
            reports,
            decision,
            domain::kGoalPostback,
            [call, decision](const domain::Conversion& c) { AnswerGoal(*call, decision, c); }
        );
    });
}

void GetGoalsPostback(Reports& reports, std::shared_ptr<Call> call) {
    auto input = Input::OfQuery(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    std::string action = reader.Text("action");
    if (!action.empty() && action != "test") reader.Refuse("action", "must be test");
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    auto catalog = reports.catalog.snapshot();
    const auto* network = catalog->catalog->FindNetwork(domain::kDefaultNetwork);
    JsonObject settings, usage, example, body;
    settings.Text("baseUrl", network->base_url);
    settings.Text("goalRegistration", GoalIdOf(reports, domain::GoalType::kRegistration).value);
    settings.Text("goalDeposit", GoalIdOf(reports, domain::GoalType::kDeposit).value);
    settings.Bool("hashSet", !catalog->secrets.at(network->name).values.empty());
    const char* form = "POST /api/goals/postback {click_id, affiliate_id, goal_type: ";
    usage.Text("registration", std::string(form) + "\"registration\"}");
    usage.Text("deposit", std::string(form) + "\"deposit\", amount}");
    auto address = [&](const char* type) {
        return fmt::format(
            "{}/goal/{}?hash=***&click_id={{click_id}}&affiliate_id={{affiliate_id}}&goal_type={}",
            network->base_url,
            net::PercentEncode(GoalIdOf(reports, *domain::GoalTypeNamed(type)).value),
            type
        );
    };
    example.Text("registration", address("registration"));
    example.Text("deposit", address("deposit") + "&amount={amount}&deposit_amount={amount}");
    usage.Object("example", example);
    body.Bool("success", true).Text("message", "Goal postback configuration");
    body.Object("config", settings).Object("usage", usage);
    call->respond(JsonResponse(200, body));
}

}  // namespace barracuda::api
