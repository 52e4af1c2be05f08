// Route 7, writing: POST /api/admin/conversions, and the deliveries an admin may send again.
#include "api/conversion_json.h"
#include "api/list_input.h"
#include "api/query_pool.h"
#include "api/record.h"
#include "api/routes.h"

namespace barracuda::api {

using domain::Field;

void PostAdminConversion(Reports& reports, std::shared_ptr<Call> call) {
    auto input = Input::OfBody(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    domain::Report report;
    report.speaker = domain::Speaker::kAdmin;
    report.route = "admin_conversions";
    ClickId click(reader.RequiredId("click_id"));
    Give(report, AffiliateId(reader.RequiredId("affiliate_id")));
    GoalId goal(reader.RequiredId("goal_id"));
    std::string type = reader.RequiredText("goal_type");
    Give(report, OfferId(reader.Id("offer_id")));
    Give(report, Field::kAmount, reader.Amount("amount"));
    Give(report, Field::kSaleAmount, reader.Amount("sale_amount"));
    report.status = ReadStatus(reader);
    ReadCommon(reports, reader, click, goal, report);
    if (!domain::GoalTypeNamed(type)) {
        reader.Refuse("goal_type", "must be registration, deposit or other");
    } else if (!goal.empty() && type != domain::NameOf(report.goal_type)) {
        reader.Refuse("goal_id", "contradicts goal_type");
    }
    if (!FinishReading(reports, *call, *input, reader)) return;
    Record(reports, call, std::move(report), [call](const domain::Decision& decision) {
        const auto& c = *decision.document;
        bool fresh = decision.verdict == domain::Verdict::kRecorded;
        JsonObject data;
        data.Text("id", c.id.Hex()).Text("click_id", c.key.click.value);
        data.Text("affiliate_id", c.fields.Get(Field::kAffiliateId));
        data.Text("goal_id", c.key.goal.value).Text("goal_type", domain::NameOf(c.goal_type));
        data.Amount("amount", c.fields.Get(Field::kAmount, "0"));
        data.Text("status", domain::NameOf(c.status));
        data.Bool("isDuplicate", decision.is_duplicate);
        const char* message =
            fresh ? "Conversion recorded successfully" : "Conversion already exists, updated";
        call->respond(JsonResponse(200, Head(*call, decision, true, message).Object("data", data)));
    });
}

void RetryDelivery(Deliveries& deliveries, std::shared_ptr<Call> call) {
    auto input = Input::OfBody(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    domain::Replay replay;
    replay.key.click = ClickId(reader.RequiredId("click_id"));
    replay.key.goal = GoalId(reader.RequiredId("goal_id"));
    replay.key.occurrence = reader.Id("transaction_id");
    replay.delivery_id = DeliveryId(reader.Id("delivery_id"));
    replay.command_id = ObjectId::New();
    replay.by = call->caller.name;
    RefuseUnread(*input, reader, "is no field of this call");
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    auto answer = [call](Result<domain::Decision> decision) {
        if (!decision) return call->respond(ErrorResponse(decision.error()));
        if (!decision->changed) {
            return call->respond(http::JsonError(404, "no dead delivery of this conversion"));
        }
        JsonObject body;
        body.Bool("success", true).Text("message", "Delivery is sent again");
        body.Int("count", static_cast<int64_t>(decision->fresh_deliveries.size()));
        call->respond(JsonResponse(200, body));
    };
    if (!deliveries.ledger.Submit(std::move(replay), call->request.io_thread, answer)) {
        call->respond(Overloaded());
    }
}

}  // namespace barracuda::api
