// The network's BSON codec. What is empty or the default is not written.
#include <fmt/format.h>

#include "domain/network.h"

namespace barracuda::domain {

namespace {

template <typename Number>
void PutNumbers(BsonWriter& to, const char* key, const std::vector<Number>& numbers) {
    if (numbers.empty()) return;
    BsonWriter elements;
    size_t i = 0;
    for (auto number : numbers) elements.Int(fmt::format_int(i++).c_str(), number);
    to.Array(key, elements);
}

template <typename Number>
std::vector<Number> NumbersIn(const bson_iter_t& at) {
    std::vector<Number> numbers;
    if (!BSON_ITER_HOLDS_ARRAY(&at)) return numbers;
    EachElement(BytesOf(at), [&](std::string_view, const bson_iter_t& item) {
        numbers.push_back(static_cast<Number>(bson_iter_as_int64(&item)));
    });
    return numbers;
}

std::string EncodeLimits(const NetworkLimits& limits) {
    BsonWriter to;
    to.Int("concurrency", limits.concurrency);
    to.Int("rate_per_second", limits.rate_per_second);
    to.Int("attempt_timeout_ms", limits.attempt_timeout_ms);
    PutNumbers(to, "retry_ms", limits.retry_ms);
    PutTexts(to, "allowed_addresses", limits.allowed_addresses);
    PutNumbers(to, "ports", limits.ports);
    return to.Take();
}

NetworkLimits DecodeLimits(std::string_view bson) {
    NetworkLimits limits;
    EachElement(bson, [&](std::string_view key, const bson_iter_t& at) {
        auto number = [&] { return bson_iter_as_int64(&at); };
        if (key == "concurrency") limits.concurrency = static_cast<int>(number());
        if (key == "rate_per_second") limits.rate_per_second = static_cast<int>(number());
        if (key == "attempt_timeout_ms") limits.attempt_timeout_ms = number();
        if (key == "retry_ms") limits.retry_ms = NumbersIn<int64_t>(at);
        if (key == "allowed_addresses") limits.allowed_addresses = TextsIn(at);
        if (key == "ports") limits.ports = NumbersIn<int>(at);
    });
    return limits;
}

std::string EncodePostback(const PostbackText& postback) {
    BsonWriter to;
    to.Text("method", postback.method);
    to.Text("url", postback.url);
    PutTexts(to, "headers", postback.headers);
    to.Text("body_type", postback.body_type);
    if (!postback.body.empty()) to.Text("body", postback.body);
    return to.Take();
}

PostbackText DecodePostback(std::string_view bson) {
    PostbackText postback;
    EachElement(bson, [&](std::string_view key, const bson_iter_t& at) {
        auto text = [&] { return ScalarText(at).value_or(""); };
        if (key == "method") postback.method = text();
        if (key == "url") postback.url = text();
        if (key == "headers") postback.headers = TextsIn(at);
        if (key == "body_type") postback.body_type = text();
        if (key == "body") postback.body = text();
    });
    return postback;
}

StatusSet StatusesIn(const bson_iter_t& at) {
    StatusSet set = StatusSet::None();
    for (const auto& name : TextsIn(at)) {
        if (auto status = StatusNamed(name)) set.Add(*status);
    }
    return set;
}

void TakeElement(Network& to, std::string_view key, const bson_iter_t& at) {
    auto text = [&] { return ScalarText(at).value_or(""); };
    auto yes = [&] { return bson_iter_as_bool(&at); };
    if (key == "name") to.name = NetworkName(text());
    if (key == "kind") to.kind = NetworkKindNamed(text()).value_or(NetworkKind::kTemplate);
    if (key == "active") to.active = yes();
    if (key == "every_offer") to.every_offer = yes();
    if (key == "base_url") to.base_url = text();
    if (key == "private_api_url") to.private_api_url = text();
    if (key == "delivery_parameter") to.delivery_parameter = text();
    if (key == "secrets") to.secrets = TextsIn(at);
    if (key == "private_secret") to.private_secret = text();
    if (key == "limits") to.limits = DecodeLimits(BytesOf(at));
    if (key == "statuses") to.statuses = StatusesIn(at);
    if (key == "goals") to.goals = TextsIn(at);
    if (key == "updates") to.updates = yes();
    if (key == "postback") to.postback = DecodePostback(BytesOf(at));
}

}  // namespace

std::string Encode(const Network& network) {
    BsonWriter to;
    to.Text("_id", EntityKey("network", network.name.value));
    to.Text("name", network.name.value);
    to.Text("kind", NameOf(network.kind));
    to.Bool("active", network.active);
    to.Bool("every_offer", network.every_offer);
    for (auto [key, value] :
         {std::pair("base_url", &network.base_url),
          std::pair("private_api_url", &network.private_api_url),
          std::pair("delivery_parameter", &network.delivery_parameter)}) {
        if (!value->empty()) to.Text(key, *value);
    }
    PutTexts(to, "secrets", network.secrets);
    if (!network.private_secret.empty()) to.Text("private_secret", network.private_secret);
    to.Document("limits", EncodeLimits(network.limits));
    std::vector<std::string> statuses;
    for (auto status : {Status::kPending, Status::kApproved, Status::kRejected}) {
        if (network.statuses.Has(status)) statuses.push_back(NameOf(status));
    }
    PutTexts(to, "statuses", statuses);
    PutTexts(to, "goals", network.goals);
    to.Bool("updates", network.updates);
    if (network.kind == NetworkKind::kTemplate) {
        to.Document("postback", EncodePostback(network.postback));
    }
    PutMeta(to, network.meta);
    return to.Take();
}

Result<Network> DecodeNetwork(std::string_view bson) {
    Network network;
    bool sound = EachElement(bson, [&](std::string_view key, const bson_iter_t& at) {
        if (!TakeMeta(network.meta, key, at)) TakeElement(network, key, at);
    });
    if (!sound) return Fail(ErrorCode::kInternal, "a stored network is not valid BSON");
    return network;
}

}  // namespace barracuda::domain
