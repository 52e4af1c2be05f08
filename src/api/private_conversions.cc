// Route 1: /api/private/conversions. Records a conversion of a click hash and creates it in the
// network's private API; GET lists the network's own.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "api/list_input.h"
#include "api/private_report.h"
#include "api/record.h"
#include "api/routes.h"
#include "base/raw_json.h"
#include "base/text.h"
#include "contacts/flow.h"
#include "delivery/destination.h"

namespace barracuda::api {

using domain::Field;

namespace {

// The one conversion of the network's answer, as it was written: what was created, what a look-up
// found, or the answer itself where it is the conversion (the old application stored that).
std::string OneConversion(std::string_view response) {
    boost::json::error_code code;
    boost::json::parse(response, code);
    response = Trim(response);
    if (code || !response.starts_with('{')) return "null";
    for (std::string_view list : {"conversions", "data"}) {
        const std::string_view member = RawMember(response, list);
        if (member.starts_with('{')) return std::string(member);
        if (!member.starts_with('[')) continue;
        const auto items = RawItems(member);
        const bool has = !items.empty() && items.front().starts_with('{');
        return has ? std::string(items.front()) : "null";
    }
    return std::string(response);
}

void AnswerPrivate(
    const Call& call,
    const domain::Decision& decision,
    const domain::Conversion& c,
    const PrivateWords& given
) {
    const auto* delivery = c.FindDelivery(domain::kDefaultNetwork, domain::kPrivateApi);
    bool accepted = delivery && delivery->state == domain::DeliveryState::kDone;
    JsonObject data = PrivateData(c, given);
    const bool may_see = accepted && call.caller.affiliate.empty();
    data.Raw("privateApiConversion", may_see ? OneConversion(delivery->response) : "null");
    const bool rejected = c.status == domain::Status::kRejected;
    const bool no_room = !delivery ? !rejected : delivery->HadNoRoom();
    std::string reason;
    if (no_room) {
        reason = domain::Delivery::kNoRoom;
    } else if (delivery && !accepted) {
        reason = !delivery->error.empty() ? delivery->error
                 : delivery->status != 0  ? fmt::format("the network answered {}", delivery->status)
                                          : "not delivered yet";
    } else if (!delivery) {
        reason = "the conversion is rejected, nothing is delivered";
    }
    data.TextOrNull("apiError", reason);
    const char* message = no_room ? "Conversion stored, but it owes too many deliveries already: "
                                    "the network was not told"
                          : accepted ? (decision.is_duplicate ? "Duplicate conversion ignored"
                                                              : "Conversion created successfully")
                          : delivery ? "Conversion stored, the network has not accepted it yet"
                                     : "Conversion is rejected, nothing is delivered";
    call.respond(JsonResponse(200, Head(call, decision, accepted, message).Object("data", data)));
}

void RecordPrivate(
    Reports& reports,
    std::shared_ptr<Call> call,
    const Input& input,
    const std::optional<std::string>& known_click
) {
    Reader reader(input);
    domain::Report report;
    PrivateWords given = ReadPrivate(reports, call->caller, input, reader, known_click, report);
    if (!FinishReading(reports, *call, input, reader)) return;
    auto decided = [&reports, call, given = std::move(given)](const domain::Decision& decision) {
        AwaitDelivery(
            reports,
            decision,
            domain::kPrivateApi,
            [call, decision, given](const domain::Conversion& c) {
                AnswerPrivate(*call, decision, c, given);
            }
        );
    };
    Record(reports, call, std::move(report), std::move(decided));
}

}  // namespace

void PostPrivateConversion(Reports& reports, std::shared_ptr<Call> call) {
    auto read = Input::OfBody(call->request);
    if (!read) return call->respond(BadRequest(read.error()));
    auto input = std::make_shared<Input>(std::move(*read));
    Reader reader(*input);
    std::string hash = reader.RequiredId("click_hash");
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    reports.flows.ClickOfHash(hash, [&reports, call, input](auto click) {
        if (!click) return call->respond(ErrorResponse(click.error()));
        RecordPrivate(reports, call, *input, *click);
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

void ListPrivateConversions(Reports& reports, std::shared_ptr<Call> call) {
    auto input = Input::OfQuery(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    delivery::Parameters query;
    for (const char* name :
         {"affiliate_id", "offer_id", "goal_type_id", "hash", "created_at_from", "created_at_to"}) {
        std::string value = reader.Sought(name);
        if (!value.empty()) query.emplace_back(name, value);
    }
    for (auto [name, otherwise] : {std::pair("page", 1), std::pair("per_page", 50)}) {
        query.emplace_back(name, std::to_string(reader.Count(name, otherwise)));
    }
    RefuseUnread(*input, reader, kNoFilter);
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    reports.destinations.ListPrivate(query, [call](Result<std::string> body) {
        call->respond(AnswerList(body));
    });
}

}  // namespace barracuda::api
