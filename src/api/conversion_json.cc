#include "api/conversion_json.h"

#include <bson/bson.h>

#include "api/history_json.h"

namespace barracuda::api {

namespace {

std::string ObjectJson(const std::string& bytes) {
    bson_t bson;
    auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
    if (!bson_init_static(&bson, data, bytes.size())) return "null";
    char* text = bson_as_relaxed_extended_json(&bson, nullptr);
    if (!text) return "null";
    std::string json(text);
    bson_free(text);
    return json;
}

JsonObject DeliveryJson(const domain::Delivery& delivery) {
    JsonObject to;
    to.Text("id", delivery.id).Text("destination", delivery.destination);
    to.Text("kind", delivery.kind).Text("state", domain::NameOf(delivery.state));
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
    JsonList deliveries;
    for (const auto& delivery : c.deliveries) deliveries.Object(DeliveryJson(delivery));
    to.List("history", HistoryJson(c.history)).List("deliveries", deliveries).Int("rev", c.rev);
    return to.Text("createdAt", c.created.Iso()).Text("updatedAt", c.updated.Iso());
}

}  // namespace barracuda::api
