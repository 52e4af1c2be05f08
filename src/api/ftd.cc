// Route 4: POST /api/ftd. A first deposit, reported by a server; no network call.
#include "api/record.h"
#include "api/routes.h"

namespace barracuda::api {

using domain::Field;

namespace {

void AnswerFtd(const Call& call, const domain::Decision& decision) {
    const auto& c = *decision.document;
    JsonObject data;
    if (decision.verdict == domain::Verdict::kDuplicate) {
        data.Text("click_id", c.key.click.value).Bool("isDuplicate", true);
        auto body = Head(call, decision, true, "Duplicate FTD ignored");
        return call.respond(JsonResponse(200, body.Object("data", data)));
    }
    data.Text("id", c.id.Hex()).Text("click_id", c.key.click.value);
    data.Text("affiliate_id", c.fields.Get(Field::kAffiliateId));
    data.Amount("amount", c.fields.Get(Field::kAmount, "0"));
    if (const auto* sale = c.fields.Find(Field::kSaleAmount)) data.Amount("sale_amount", *sale);
    data.Text("status", domain::NameOf(c.status)).Bool("isDuplicate", decision.is_duplicate);
    const char* message = decision.is_duplicate ? "FTD updated" : "FTD recorded successfully";
    auto body = Head(call, decision, true, message);
    call.respond(JsonResponse(200, body.Object("data", data)));
}

}  // namespace

void PostFtd(Reports& reports, std::shared_ptr<Call> call) {
    auto input = Input::OfBody(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    domain::Report report;
    report.route = "ftd";
    ClickId click(reader.RequiredId("click_id"));
    Give(report, AffiliateId(reader.RequiredId("affiliate_id")));
    CheckGoal(reports, reader, domain::GoalType::kDeposit);
    Give(report, OfferId(reader.Id("offer_id")));
    auto amount = reader.Amount("amount");
    if (!amount) reader.Refuse("amount", "is required");
    if (amount && amount->micros == 0) reader.Refuse("amount", "must be greater than 0");
    Give(report, Field::kAmount, amount);
    Give(report, Field::kSaleAmount, reader.Amount("sale_amount"));
    report.status = ReadStatus(reader).value_or(domain::Status::kApproved);
    ReadCommon(reports, reader, click, GoalIdOf(reports, domain::GoalType::kDeposit), report);
    if (!FinishReading(reports, *call, *input, reader)) return;
    Record(reports, call, std::move(report), [call](const domain::Decision& decision) {
        AnswerFtd(*call, decision);
    });
}

}  // namespace barracuda::api
