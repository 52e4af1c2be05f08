#include "api/conversion_json.h"

#include <bson/bson.h>
#include <fmt/format.h>

#include <cmath>

#include "api/history_json.h"

namespace barracuda::api {

namespace {

void AppendValue(std::string& to, const bson_iter_t& at);

void AppendMembers(std::string& to, bson_iter_t at, bool object) {
    to += object ? '{' : '[';
    for (bool first = true; bson_iter_next(&at); first = false) {
        if (!first) to += ',';
        if (object) to += JsonText(bson_iter_key(&at)) + ':';
        AppendValue(to, at);
    }
    to += object ? '}' : ']';
}

// BSON types without a counterpart in JSON (an adopted document's dates, say), as libbson writes
// them.
std::string ExtendedJson(const bson_iter_t& at) {
    bson_t one = BSON_INITIALIZER;
    bson_append_iter(&one, "v", 1, &at);
    char* text = bson_as_relaxed_extended_json(&one, nullptr);
    std::string_view json(text ? text : "");  // { "v" : … }
    const size_t begin = json.find(':'), end = json.rfind('}');
    std::string value = text ? std::string(json.substr(begin + 1, end - begin - 1)) : "null";
    bson_free(text);
    bson_destroy(&one);
    return value;
}

void AppendValue(std::string& to, const bson_iter_t& at) {
    bson_iter_t inner;
    switch (bson_iter_type(&at)) {
        case BSON_TYPE_UTF8: {
            uint32_t size = 0;
            const char* text = bson_iter_utf8(&at, &size);
            to += JsonText({text, size});
            return;
        }
        case BSON_TYPE_DOUBLE:
            if (!std::isfinite(bson_iter_double(&at))) break;
            to += fmt::format("{}", bson_iter_double(&at));  // 0.1, not 0.10000000000000000555
            return;
        case BSON_TYPE_INT32:
        case BSON_TYPE_INT64:
            to += fmt::format("{}", bson_iter_as_int64(&at));
            return;
        case BSON_TYPE_BOOL:
            to += bson_iter_bool(&at) ? "true" : "false";
            return;
        case BSON_TYPE_NULL:
            to += "null";
            return;
        case BSON_TYPE_DOCUMENT:
        case BSON_TYPE_ARRAY:
            if (!bson_iter_recurse(&at, &inner)) break;
            AppendMembers(to, inner, bson_iter_type(&at) == BSON_TYPE_DOCUMENT);
            return;
        default:
            break;
    }
    to += ExtendedJson(at);
}

std::string ObjectJson(const std::string& bytes) {
    bson_t bson;
    bson_iter_t at;
    auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
    if (!bson_init_static(&bson, data, bytes.size()) || !bson_iter_init(&at, &bson)) return "null";
    std::string json;
    AppendMembers(json, at, true);
    return json;
}

JsonObject DeliveryJson(const domain::Delivery& delivery) {
    JsonObject to;
    to.Text("id", delivery.id.value).Text("destination", delivery.network.value);
    to.Text("kind", delivery.kind).Text("state", domain::NameOf(delivery.state));
    if (delivery.change > 0) to.Int("change", delivery.change);
    to.Int("attempts", delivery.attempts);
    if (delivery.state == domain::DeliveryState::kWaiting) {
        to.Text("next_at", delivery.next_at.Iso());
    }
    if (delivery.status != 0) to.Int("status", delivery.status);
    if (!delivery.error.empty()) to.Text("error", delivery.error);
    if (!delivery.response.empty()) to.Text("response", delivery.response);
    return to;
}

}  // namespace

JsonObject ConversionJson(const domain::Conversion& c) {
    JsonObject to;
    to.Text("id", c.id.Hex()).Text("click_id", c.key.click.value).Text("goal_id", c.key.goal.value);
    if (!c.key.occurrence.empty()) to.Text("occurrence", c.key.occurrence);
    to.Text("goal_type", domain::NameOf(c.goal_type)).Text("status", domain::NameOf(c.status));
    to.Text("provenance", domain::NameOf(c.provenance)).Text("route", c.route);
    for (const auto& [field, value] : c.fields.all()) {
        const auto& info = domain::InfoOf(field);
        switch (info.type) {
            case domain::FieldType::kText:
                to.Text(info.name, value);
                break;
            case domain::FieldType::kMoney:
                to.Amount(info.name, value);
                break;
            case domain::FieldType::kBool:
                to.Bool(info.name, value == "true");
                break;
            case domain::FieldType::kObject:
                to.Raw(info.name, ObjectJson(value));
                break;
        }
    }
    // The old application's name for it.
    if (const auto* hash = c.fields.Find(domain::Field::kClickHash)) to.Text("hash", *hash);
    JsonList deliveries;
    for (const auto& delivery : c.deliveries) deliveries.Object(DeliveryJson(delivery));
    to.List("history", HistoryJson(c.history));
    if (c.history_dropped > 0) to.Int("history_dropped", c.history_dropped);
    to.List("deliveries", deliveries).Int("rev", c.rev);
    return to.Text("createdAt", c.created.Iso()).Text("updatedAt", c.updated.Iso());
}

}  // namespace barracuda::api
