#include "api/delivery_json.h"

namespace barracuda::api {

JsonObject DeliveryRowJson(const delivery::DeliveryRow& row) {
    const auto& c = row.conversion;
    const auto& d = row.delivery();
    JsonObject to;
    to.Text("id", d.id.value).Text("ref", row.Ref()).Text("conversion_id", c.id.Hex());
    to.Text("network", d.network.value).Text("kind", d.kind).Text("state", domain::NameOf(d.state));
    if (d.change > 0) to.Int("change", d.change);
    to.Text("click_id", c.key.click.value).Text("goal_id", c.key.goal.value);
    if (!c.key.occurrence.empty()) to.Text("occurrence", c.key.occurrence);
    to.Text("affiliate_id", c.fields.Get(domain::Field::kAffiliateId));
    to.Int("attempts", d.attempts).Int("status", d.status).Text("error", d.error);
    to.Text("response", d.response);
    if (d.state == domain::DeliveryState::kWaiting) to.Text("next_at", d.next_at.Iso());
    if (d.last_at != Time{}) to.Text("last_at", d.last_at.Iso());
    if (!d.replayed_by.empty()) to.Text("replayed_by", d.replayed_by);
    to.Text("createdAt", c.created.Iso());
    return to;
}

delivery::DeliveryFilter ReadDeliveryFilter(Reader& reader) {
    delivery::DeliveryFilter filter;
    filter.network = NetworkName(reader.Sought("network"));
    filter.kind = ReadWord(reader, "kind", kDeliveryKinds);
    filter.goal = reader.Sought("goal_id");
    filter.affiliate = reader.Sought("affiliate_id");
    filter.click = reader.Sought("click_id");
    filter.code = ReadNumber(reader, "code", 0, 999);
    filter.from = ReadTime(reader, "from");
    filter.to = ReadEnd(reader, "to");
    return filter;
}

}  // namespace barracuda::api
