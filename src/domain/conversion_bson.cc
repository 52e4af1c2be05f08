// The conversion's BSON codec. Field order: identity, state, plain fields, lists, bookkeeping.
#include <fmt/format.h>

#include <functional>

#include "base/money.h"
#include "domain/bson.h"
#include "domain/conversion.h"

namespace barracuda::domain {

namespace {

void EncodeField(BsonWriter& to, Field field, const std::string& value) {
    const auto& info = InfoOf(field);
    switch (info.type) {
        case FieldType::kText:
            to.Text(info.name, value);
            break;
        case FieldType::kMoney:
            to.Decimal(info.name, value);
            break;
        case FieldType::kBool:
            to.Bool(info.name, value == "true");
            break;
        case FieldType::kObject:
            to.Document(info.name, value);
            break;
    }
}

void EncodeDelivery(BsonWriter& to, const Delivery& delivery) {
    to.Text("id", delivery.id.value);
    to.Text("destination", delivery.network.value);
    to.Text("kind", delivery.kind);
    if (delivery.change != 0) to.Int("change", delivery.change);
    to.Text("state", NameOf(delivery.state));
    to.Int("attempts", delivery.attempts);
    if (delivery.state == DeliveryState::kWaiting) to.Date("next_at", delivery.next_at);
    if (!delivery.parameters.empty()) {
        to.BeginDocument("parameters");
        for (const auto& [name, value] : delivery.parameters) to.Text(name, value);
        to.End();
    }
    if (delivery.status != 0) to.Int("status", delivery.status);
    if (!delivery.error.empty()) to.Text("error", delivery.error);
    if (!delivery.response.empty()) to.Text("response", delivery.response);
    if (delivery.last_at != Time{}) to.Date("last_at", delivery.last_at);
    if (!delivery.replayed_by.empty()) to.Text("replayed_by", delivery.replayed_by);
    if (delivery.erased) to.Bool("erased", true);
}

void EncodeDeliveries(BsonWriter& to, const std::vector<Delivery>& deliveries) {
    if (deliveries.empty()) return;
    to.BeginArray("deliveries");
    size_t i = 0;
    for (const auto& delivery : deliveries) {
        to.BeginDocument(fmt::format_int(i++).c_str());
        EncodeDelivery(to, delivery);
        to.End();
    }
    to.End();
}

using Visit = std::function<void(std::string_view key, const bson_iter_t& at)>;

bool Each(std::string_view bson, const Visit& visit) {
    bson_iter_t at;
    if (!OpenBson(at, bson)) return false;
    while (bson_iter_next(&at)) visit(bson_iter_key(&at), at);
    return at.err_off == 0;
}

Delivery DecodeDelivery(std::string_view bson) {
    Delivery delivery;
    Each(bson, [&](std::string_view key, const bson_iter_t& at) {
        auto text = ScalarText(at).value_or("");
        if (key == "id") delivery.id = DeliveryId(text);
        if (key == "destination") delivery.network = NetworkName(text);
        if (key == "kind") delivery.kind = text;
        if (key == "change") delivery.change = bson_iter_as_int64(&at);
        if (key == "state") {
            delivery.state = text == "done"        ? DeliveryState::kDone
                             : text == "dead"      ? DeliveryState::kDead
                             : text == "cancelled" ? DeliveryState::kCancelled
                                                   : DeliveryState::kWaiting;
        }
        if (key == "attempts") delivery.attempts = static_cast<int>(bson_iter_as_int64(&at));
        if (key == "next_at") delivery.next_at = TimeOf(at);
        if (key == "status") delivery.status = static_cast<int>(bson_iter_as_int64(&at));
        if (key == "error") delivery.error = text;
        if (key == "response") delivery.response = text;
        if (key == "last_at") delivery.last_at = TimeOf(at);
        if (key == "replayed_by") delivery.replayed_by = text;
        if (key == "erased") delivery.erased = bson_iter_as_bool(&at);
        if (key == "parameters") {
            Each(BytesOf(at), [&](std::string_view name, const bson_iter_t& value) {
                delivery.parameters.emplace_back(name, ScalarText(value).value_or(""));
            });
        }
    });
    return delivery;
}

bool HasNul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

// The parts of a key stand apart by NULs, so none may hold one.
const char* PartWithNul(const ConversionKey& key) {
    if (HasNul(key.click.value)) return "click_id";
    if (HasNul(key.goal.value)) return "goal_id";
    return HasNul(key.occurrence) ? "occurrence" : nullptr;
}

Provenance ProvenanceNamed(std::string_view name) {
    for (auto p :
         {Provenance::kReported, Provenance::kAdmin, Provenance::kForm, Provenance::kAuto}) {
        if (name == NameOf(p)) return p;
    }
    return Provenance::kUnknown;
}

// False when the program does not know the field, or its value's shape: then it is kept as it is.
bool DecodeField(Conversion& to, std::string_view key, const bson_iter_t& at) {
    auto field = FieldNamed(key);
    if (!field) return false;
    if (BSON_ITER_HOLDS_NULL(&at) || BSON_ITER_HOLDS_UNDEFINED(&at)) return true;
    if (InfoOf(*field).type == FieldType::kObject) {
        std::string_view bytes = BytesOf(at);
        bson_t child;  // checks the length and the final NUL
        bool sound =
            BSON_ITER_HOLDS_DOCUMENT(&at) &&
            bson_init_static(&child, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
        if (sound) to.fields.Set(*field, std::string(bytes));
        return sound;
    }
    auto text = ScalarText(at);
    if (!text) return false;
    if (InfoOf(*field).type == FieldType::kMoney) {
        if (auto money = Money::Parse(*text)) text = money->Text();
    }
    to.fields.Set(*field, std::move(*text));
    return true;
}

// A field whose value could not be read gives way to one that a report brought since.
void EncodeRest(BsonWriter& to, const Conversion& c) {
    Each(c.rest, [&](std::string_view key, const bson_iter_t& at) {
        auto field = FieldNamed(key);
        if (!field || !c.fields.Find(*field)) to.Element(at);
    });
}

}  // namespace

std::string Encode(const Conversion& c) {
    BsonWriter to;
    to.Id("_id", c.id);
    to.Text("click_id", c.key.click.value);
    to.Text("goal_id", c.key.goal.value);
    if (!c.key.occurrence.empty()) to.Text("occurrence", c.key.occurrence);
    to.Text("goal_type", NameOf(c.goal_type));
    to.Text("status", NameOf(c.status));
    to.Text("provenance", NameOf(c.provenance));
    to.Text("route", c.route);
    for (const auto& [field, value] : c.fields.all()) EncodeField(to, field, value);
    if (!c.assumed.empty()) {
        to.BeginArray("assumed");
        size_t i = 0;
        for (Field sum : c.assumed) to.Text(fmt::format_int(i++).c_str(), InfoOf(sum).name);
        to.End();
    }
    PutHistory(to, c.history);
    if (c.history_dropped > 0) to.Int("history_dropped", c.history_dropped);
    EncodeDeliveries(to, c.deliveries);
    if (c.changes > 0) to.Int("changes", c.changes);
    if (c.due) {
        to.Date("due", *c.due);
        to.Text("owner", c.owner.value);
    }
    if (c.dead) to.Date("dead", *c.dead);
    to.Int("rev", c.rev);
    to.Date("createdAt", c.created);
    to.Date("updatedAt", c.updated);
    if (!c.rest.empty()) EncodeRest(to, c);
    return to.Take();
}

Result<Conversion> DecodeConversion(std::string_view bson) {
    Conversion c;
    c.provenance = Provenance::kUnknown;
    std::optional<BsonWriter> rest;
    bool sound = Each(bson, [&](std::string_view key, const bson_iter_t& at) {
        auto text = [&] { return ScalarText(at).value_or(""); };
        if (key == "_id") {
            if (BSON_ITER_HOLDS_OID(&at)) c.id = ObjectId::Parse(text()).value_or(ObjectId());
        } else if (key == "click_id") {
            c.key.click.value = text();
        } else if (key == "goal_id") {
            c.key.goal.value = text();
        } else if (key == "occurrence") {
            c.key.occurrence = text();
        } else if (key == "goal_type") {
            c.goal_type = GoalTypeNamed(text()).value_or(GoalType::kOther);
        } else if (key == "status") {
            c.status = StatusNamed(text()).value_or(Status::kPending);
        } else if (key == "provenance") {
            c.provenance = ProvenanceNamed(text());
        } else if (key == "route") {
            c.route = text();
        } else if (key == "assumed") {
            Each(BytesOf(at), [&](std::string_view, const bson_iter_t& item) {
                auto sum = FieldNamed(ScalarText(item).value_or(""));
                if (sum) c.assumed.push_back(*sum);
            });
        } else if (key == "history_dropped") {
            c.history_dropped = bson_iter_as_int64(&at);
        } else if (key == "changes") {
            c.changes = bson_iter_as_int64(&at);
        } else if (key == "due") {
            c.due = TimeOf(at);
        } else if (key == "dead") {
            c.dead = TimeOf(at);
        } else if (key == "owner") {
            c.owner = NodeId(text());
            if (HasNul(c.owner.value)) c.owner = {};  // nobody's name: whoever comes may take it
        } else if (key == "rev") {
            c.rev = bson_iter_as_int64(&at);
        } else if (key == "createdAt") {
            c.created = TimeOf(at);
        } else if (key == "updatedAt") {
            c.updated = TimeOf(at);
        } else if (key == "history") {
            c.history = HistoryIn(at);
        } else if (key == "deliveries") {
            Each(BytesOf(at), [&](std::string_view, const bson_iter_t& item) {
                c.deliveries.push_back(DecodeDelivery(BytesOf(item)));
            });
        } else if (!DecodeField(c, key, at)) {
            if (!rest) rest.emplace();
            rest->Element(at);
        }
    });
    if (rest) c.rest = rest->Take();
    if (!sound) return Fail(ErrorCode::kInternal, "a stored conversion is not valid BSON");
    if (const char* part = PartWithNul(c.key)) {
        return Fail(ErrorCode::kInternal, fmt::format("a stored {} holds a NUL", part));
    }
    return c;
}

}  // namespace barracuda::domain
