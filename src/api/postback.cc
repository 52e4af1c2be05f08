// Route 5: GET /api/postback (also a form or JSON POST; HEAD only checks). No network call.
#include "api/auth.h"
#include "api/record.h"
#include "api/routes.h"
#include "base/unseen.h"

namespace barracuda::api {

using domain::Field;

namespace {

Result<Input> ReadInput(const http::Request& request) {
    // Some trackers say everything in the URL and POST nothing.
    const bool empty = SkipByteOrderMark(request.body).empty();
    if (request.method != "POST" || empty) return Input::OfQuery(request);
    auto input = Input::OfBody(request);
    if (!input) return input;
    auto query = Input::OfQuery(request);
    if (!query) return query;
    input->Merge(std::move(*query), {"key", "explain"});
    return input;
}

std::string ReadGoal(Reader& reader) {
    std::string name = reader.RequiredText("goal");
    if (name != "registration" && name != "deposit") {
        reader.Refuse("goal", "must be registration or deposit");
        return "registration";
    }
    return name;
}

void AnswerPostback(const Call& call, const std::string& goal, const domain::Decision& decision) {
    const auto& c = *decision.document;
    bool duplicate = decision.verdict == domain::Verdict::kDuplicate;
    std::string message = duplicate               ? "Duplicate postback ignored"
                          : decision.is_duplicate ? "Postback '" + goal + "' updated"
                                                  : "Postback '" + goal + "' recorded successfully";
    JsonObject data;
    data.Text("id", c.id.Hex()).Text("click_id", c.key.click.value);
    data.Text("affiliate_id", c.fields.Get(Field::kAffiliateId)).Text("goal", goal);
    data.Amount("amount", c.fields.Get(Field::kAmount, "0"));
    if (const auto* sale = c.fields.Find(Field::kSaleAmount)) data.Amount("sale_amount", *sale);
    data.Text("status", domain::NameOf(c.status)).Bool("isDuplicate", decision.is_duplicate);
    call.respond(JsonResponse(200, Head(call, decision, true, message).Object("data", data)));
}

}  // namespace

void AnyPostback(Reports& reports, std::shared_ptr<Call> call) {
    auto input = ReadInput(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    domain::Report report;
    report.route = "postback";
    ClickId click(reader.RequiredId("click_id"));
    Give(report, AffiliateId(reader.RequiredId("affiliate_id")));
    const std::string goal = ReadGoal(reader);
    CheckGoal(reports, reader, *domain::GoalTypeNamed(goal));
    Give(report, OfferId(reader.Id("offer_id")));
    Give(report, Field::kAmount, reader.Amount("amount"));
    Give(report, Field::kSaleAmount, reader.Amount("sale_amount"));
    report.status = ReadStatus(reader);
    ReadCommon(reports, reader, click, GoalIdOf(reports, *domain::GoalTypeNamed(goal)), report);
    if (!FinishReading(reports, *call, *input, reader)) return;
    if (call->request.method == "HEAD") {
        auto refused = CheckAffiliate(call->caller, AffiliateOf(report));
        return call->respond(refused ? ErrorResponse(*refused) : http::Response{});
    }
    Record(reports, call, std::move(report), [call, goal](const domain::Decision& decision) {
        AnswerPostback(*call, goal, decision);
    });
}

}  // namespace barracuda::api
