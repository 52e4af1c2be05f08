// Route 1: /api/private/conversions. Records a conversion of a click hash and creates it in the
// network's private API; GET lists the network's own.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "api/record.h"
#include "api/routes.h"
#include "base/raw_json.h"
#include "delivery/flow.h"

namespace barracuda::api {

using domain::Field;

namespace {

// The words of the one who reported: the conversion may stand under another click id.
struct AsGiven {
    std::string hash;
    std::string goal;  // JSON
};

void AnswerPrivate(
    const Call& call,
    const domain::Decision& decision,
    const domain::Conversion& c,
    const AsGiven& given
) {
    const auto* delivery = c.FindDelivery(domain::kDefaultNetwork, domain::kPrivateApi);
    bool accepted = delivery && delivery->state == domain::DeliveryState::kDone;
    JsonObject data;
    data.Text("id", c.id.Hex());
    data.Text("click_hash", given.hash);
    data.Raw("goal_type_id", given.goal);
    data.Text("goal_type", domain::NameOf(c.goal_type));
    data.Amount("amount", c.fields.Get(Field::kAmount, "0"));
    data.Text("status", domain::NameOf(c.status));
    boost::json::error_code code;
    const std::string response = delivery ? delivery->response : "";
    boost::json::parse(response, code);  // passed on as it was written, if it is JSON at all
    data.Raw("privateApiConversion", accepted && !code ? response : "null");
    std::string reason;
    if (delivery && !accepted) {
        reason = !delivery->error.empty() ? delivery->error
                 : delivery->status != 0  ? fmt::format("the network answered {}", delivery->status)
                                          : "not delivered yet";
    } else if (!delivery) {
        reason = "the conversion is rejected, nothing is delivered";
    }
    data.TextOrNull("apiError", reason);
    const char* message = accepted   ? (decision.is_duplicate ? "Duplicate conversion ignored"
                                                              : "Conversion created successfully")
                          : delivery ? "Conversion stored, the network has not accepted it yet"
                                     : "Conversion is rejected, nothing is delivered";
    call.respond(JsonResponse(200, Head(call, decision, accepted, message).Object("data", data)));
}

void ReadAmounts(Reader& reader, domain::Report& report) {
    auto deposit = reader.Amount("deposit_amount");
    auto sale = reader.Amount("sale_amount");
    Give(report, Field::kAmount, deposit);
    Give(report, Field::kSaleAmount, sale ? sale : deposit);
    Give(report, Field::kPayout, reader.Amount("payout"));
    Give(report, Field::kRevenue, reader.Amount("revenue"));
}

}  // namespace

namespace {

void RecordPrivate(
    Service& service,
    std::shared_ptr<Call> call,
    const Input& input,
    const std::optional<std::string>& known_click
) {
    Reader reader(input);
    domain::Report report;
    report.route = "private_conversions";
    std::string hash = reader.RequiredId("click_hash");
    std::string goal = reader.RequiredId("goal_type_id");
    std::string affiliate = reader.Id("affiliate_id");
    // Of a bound key there is only one it can mean.
    Give(report, Field::kAffiliateId, affiliate.empty() ? call->caller.affiliate : affiliate);
    Give(report, Field::kOfferId, reader.Id("offer_id"));
    report.defaults.Set(Field::kOfferId, "2");
    ReadAmounts(reader, report);
    report.status = ReadStatus(reader);
    Give(report, Field::kUnique, reader.Text("unique"));
    Give(report, Field::kClickHash, hash);
    // One sale has one key: the network's own click id, where a contact knows it by this hash.
    std::string click = known_click.value_or(hash);
    ReadCommon(service, reader, click, goal, report);
    std::string type = reader.Text("goal_type");
    if (!type.empty() && type != domain::NameOf(report.goal_type)) {
        reader.Refuse("goal_type", "contradicts goal_type_id");
    }
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    const Value* given = input.Find("goal_type_id");
    AsGiven as_given{hash, given->kind == Value::Kind::kNumber ? goal : JsonText(goal)};
    // The hash goes along: another route may have recorded this click without one, and the private
    // API knows the click by nothing else.
    report.deliveries.push_back({domain::kDefaultNetwork, domain::kPrivateApi, {{"hash", hash}}});
    auto decided = [&service, call, as_given](const domain::Decision& decision) {
        AwaitDelivery(
            service,
            decision,
            domain::kPrivateApi,
            [call, decision, as_given](const domain::Conversion& c) {
                AnswerPrivate(*call, decision, c, as_given);
            }
        );
    };
    Record(service, call, std::move(report), std::move(decided));
}

}  // namespace

void PostPrivateConversion(Service& service, std::shared_ptr<Call> call) {
    auto read = Input::OfBody(call->request);
    if (!read) return call->respond(BadRequest(read.error()));
    auto input = std::make_shared<Input>(std::move(*read));
    Reader reader(*input);
    std::string hash = reader.RequiredId("click_hash");
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    service.flows->ClickOfHash(hash, [&service, call, input](auto click) {
        if (!click) return call->respond(ErrorResponse(click.error()));
        RecordPrivate(service, call, *input, *click);
    });
}

namespace {

int64_t NumberIn(const boost::json::object& object, const char* name, int64_t otherwise) {
    const auto* value = object.if_contains(name);
    boost::json::error_code code;
    if (!value || !value->is_number()) return otherwise;
    auto number = value->to_number<int64_t>(code);
    return code ? otherwise : number;
}

http::Response AnswerList(const Result<std::string>& body) {
    if (!body) return http::JsonError(502, "no list from the network: " + body.error().message);
    boost::json::error_code code;
    auto parsed = boost::json::parse(*body, code);
    if (code || !parsed.is_object()) return http::JsonError(502, "the network's answer is no JSON");
    const auto& object = parsed.get_object();
    const auto data = RawMember(*body, "data");
    if (!data.starts_with('[')) return http::JsonError(502, "the network's answer has no list");
    JsonObject pagination, answer;
    pagination.Int("total", NumberIn(object, "total", 0));
    pagination.Int("per_page", NumberIn(object, "per_page", 50));
    pagination.Int("page", NumberIn(object, "page", 1)).Int("pages", NumberIn(object, "pages", 1));
    answer.Bool("success", true).Raw("data", data);
    return JsonResponse(200, answer.Object("pagination", pagination));
}

}  // namespace

void ListPrivateConversions(Service& service, std::shared_ptr<Call> call) {
    auto input = Input::OfQuery(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    delivery::Parameters query;
    for (const char* name :
         {"affiliate_id", "offer_id", "goal_type_id", "hash", "created_at_from", "created_at_to"}) {
        std::string value = reader.Text(name);
        if (!value.empty()) query.emplace_back(name, value);
    }
    for (auto [name, otherwise] : {std::pair("page", 1), std::pair("per_page", 50)}) {
        query.emplace_back(name, std::to_string(reader.Count(name, otherwise)));
    }
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    service.dispatcher.ListPrivate(query, [call](Result<std::string> body) {
        call->respond(AnswerList(body));
    });
}

}  // namespace barracuda::api
