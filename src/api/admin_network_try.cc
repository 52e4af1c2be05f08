// Trying a network out: a preview sends nothing, a test makes one attempt. Neither records
// anything.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "api/entity_json.h"
#include "api/entity_routes.h"
#include "api/nearest.h"
#include "api/query_pool.h"
#include "base/raw_json.h"
#include "base/unseen.h"
#include "delivery/destination.h"

namespace barracuda::api {

using domain::Problem;

namespace {

// One try: whom, and with which values.
struct Trial {
    domain::Network network;
    std::vector<std::string> secrets;
    bool sample_secret = false;
    domain::Delivery delivery;
    delivery::Parameters parameters;
};

// Whether a template's macro takes its value from a conversion; the others are the program's own.
bool TakesValue(std::string_view macro) {
    const auto& names = domain::PostbackTemplate::MacroNames();
    const auto own = std::find(names.begin(), names.end(), "delivery_id");
    return std::find(names.begin(), own, macro) != own;
}

domain::Conversion SampleConversion() {
    domain::Conversion sample;
    sample.id = ObjectId::New();
    sample.key = {ClickId("sample-click"), GoalId("6"), ""};
    sample.goal_type = domain::GoalType::kDeposit;
    sample.status = domain::Status::kApproved;
    for (auto [field, value] :
         {std::pair(domain::Field::kAffiliateId, "7"),
          std::pair(domain::Field::kOfferId, "2"),
          std::pair(domain::Field::kAmount, "100"),
          std::pair(domain::Field::kSaleAmount, "100"),
          std::pair(domain::Field::kCurrency, domain::kDefaultCurrency),
          std::pair(domain::Field::kTransactionId, "sample-transaction"),
          std::pair(domain::Field::kSub1, "sample-sub1")}) {
        sample.fields.Set(field, value);
    }
    return sample;
}

Read<domain::Conversion> StoredConversion(Entities& entities, const boost::json::object& given) {
    auto text = [&](const char* name) {
        const auto* value = given.if_contains(name);
        if (value && value->is_int64()) return fmt::format("{}", value->get_int64());
        if (!value || !value->is_string()) return std::string();
        return std::string(TrimUnseen(std::string_view(value->get_string())));
    };
    domain::ConversionKey key{
        ClickId(text("click_id")), GoalId(text("goal_id")), text("transaction_id")};
    const store::Ref ref = store::RefOf(key);
    auto loaded = entities.engine.Load(std::span(&ref, 1));
    auto conversion =
        domain::DecodeConversion(loaded && loaded->front() ? *loaded->front() : std::string());
    if (loaded && loaded->front() && conversion) return *conversion;
    return tl::unexpected<Problem>(Problem{
        "conversion", "there is no conversion of this click_id and goal_id", std::nullopt});
}

// {"network": {…}} tries what is not stored; {"conversion": {"click_id", "goal_id"}} takes a stored
// conversion's values, {"parameters": {"click_id": "x"}} takes those given, else a sample's.
tl::expected<Trial, http::Response> ReadTrial(Entities& entities, const Call& call) {
    Trial trial;
    auto refused = [](const Problem& problem) {
        return tl::unexpected<http::Response>(ProblemResponse(problem));
    };
    auto fault = [&](std::string field, std::string reason) {
        return refused({std::move(field), std::move(reason), std::nullopt});
    };
    EntityBody whole;
    if (!call.request.body.empty()) {
        auto read = ReadObject(call.request);
        if (!read) return refused(read.error());
        whole = std::move(*read);
    }
    const auto& body = whole.object;
    // A slip must not send a sample's values instead of those that were meant.
    for (const auto& member : body) {
        const std::string field(member.key());
        const bool known = field == "network" || field == "conversion" || field == "parameters";
        if (!known) {
            constexpr std::string_view kKnown[] = {"network", "conversion", "parameters"};
            return fault(field, "there is no such field" + DidYouMean(field, kKnown));
        }
        if (!member.value().is_object()) return fault(field, "expected an object");
    }
    auto part = [&](const char* name) -> const boost::json::object* {
        const auto* value = body.if_contains(name);
        return value && value->is_object() ? &value->get_object() : nullptr;
    };
    auto snapshot = entities.catalog.snapshot();
    const NetworkName name(call.id);
    if (const auto* given = part("network")) {
        auto network = ReadNetwork({*given, RawMember(whole.text, "network")}, name.value);
        if (!network) return refused(network.error());
        trial.network = std::move(*network);
    } else if (const auto* stored = snapshot->catalog->FindNetwork(name)) {
        trial.network = *stored;
        trial.secrets = snapshot->secrets.at(name).values;
    } else {
        return tl::unexpected<http::Response>(NotFound("network"));
    }
    if (trial.secrets.empty() && !trial.network.secrets.empty()) {
        trial.secrets = {"example-secret"};
        trial.sample_secret = true;
    }
    auto conversion = SampleConversion();
    if (const auto* given = part("conversion")) {
        auto found = StoredConversion(entities, *given);
        if (!found) return refused(found.error());
        conversion = std::move(*found);
    }
    trial.delivery.network = name;
    trial.delivery.kind = domain::DeliveryKindOf(trial.network.kind);
    trial.delivery.id = DeliveryId("test-" + ObjectId::New().Hex());
    const bool templated = trial.network.kind == domain::NetworkKind::kTemplate;
    if (const auto* given = part("parameters")) {
        for (const auto& member : *given) {
            std::string field(member.key());
            if (!member.value().is_string()) return fault("parameters." + field, "expected text");
            if (templated && !TakesValue(field)) {
                return fault("parameters." + field, "is no macro that takes a value");
            }
            trial.delivery.parameters.emplace_back(field, std::string(member.value().get_string()));
        }
    }
    trial.parameters = delivery::ParametersOf(conversion, trial.delivery);
    return trial;
}

JsonObject CallJson(const domain::RenderedCall& call) {
    JsonObject to;
    to.Text("method", call.method).Text("url", call.url);
    JsonList headers;
    for (const auto& header : call.headers) headers.Text(header);
    return to.List("headers", headers).Text("body", call.body);
}

http::Response Preview(const Trial& trial) {
    if (trial.network.kind != domain::NetworkKind::kTemplate) {
        return ProblemResponse({"kind", "only a template has a preview", std::nullopt});
    }
    auto compiled = domain::PostbackTemplate::Compile(trial.network.postback);
    if (!compiled) return ProblemResponse(compiled.error());
    auto call =
        compiled->Render({trial.parameters, trial.delivery.id, Time::Now(), trial.secrets, true});
    if (!call) return ProblemResponse({"parameters", call.error().message, std::nullopt});
    JsonObject body;
    body.Bool("success", true).Bool("sampleSecret", trial.sample_secret);
    return JsonResponse(200, body.Object("data", CallJson(*call)));
}

http::Response Tested(const delivery::Attempt& attempt) {
    JsonObject data, timings, body;
    data.Bool("accepted", attempt.accepted).Int("status", attempt.status);
    data.TextOrNull("error", attempt.error).Text("response", attempt.call.response);
    data.Text("method", attempt.call.method).Text("url", attempt.call.url);
    data.Text("address", attempt.call.address);
    const auto& spent = attempt.call.timings;
    timings.Int("dns_us", spent.dns.count()).Int("connect_us", spent.connect.count());
    timings.Int("tls_us", spent.tls.count()).Int("first_byte_us", spent.first_byte.count());
    data.Object("timings", timings.Int("total_us", spent.total.count()));
    body.Bool("success", attempt.accepted);
    body.Text("message", attempt.accepted ? "The network accepted" : "The network did not accept");
    return JsonResponse(200, body.Object("data", data));
}

}  // namespace

void PreviewNetwork(Entities& entities, std::shared_ptr<Call> call) {
    RunQuery(entities.queries, call, [&entities, call] {
        auto trial = ReadTrial(entities, *call);
        call->respond(trial ? Preview(*trial) : std::move(trial.error()));
    });
}

void TestNetwork(Entities& entities, std::shared_ptr<Call> call) {
    RunQuery(entities.queries, call, [&entities, call] {
        auto trial = ReadTrial(entities, *call);
        if (!trial) return call->respond(std::move(trial.error()));
        if (!entities.catalog.catalog()->FindNetwork(trial->delivery.network)) {
            return call->respond(
                ProblemResponse({"name", "save the network before it is tested", std::nullopt})
            );
        }
        auto begun = entities.destinations.Try(
            trial->delivery,
            trial->parameters,
            [call](delivery::Attempt attempt) { call->respond(Tested(attempt)); }
        );
        if (begun) return;
        const bool busy = begun.error().code == ErrorCode::kUnavailable;
        call->respond(http::JsonError(busy ? 429 : 409, begun.error().message));
    });
}

}  // namespace barracuda::api
