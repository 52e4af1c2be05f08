#include "domain/owe.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace barracuda::domain {

namespace {

// What a change can change, and every network of a template may be told.
constexpr Field kTold[] = {Field::kAmount, Field::kSaleAmount, Field::kCurrency};

std::string_view ToldValue(const Conversion& conversion, Field field) {
    return conversion.fields.Get(field, field == Field::kAmount ? "0" : "");
}

bool TellsOtherwise(const Conversion& before, const Conversion& after) {
    if (before.status != after.status) return true;
    return std::any_of(std::begin(kTold), std::end(kTold), [&](Field field) {
        return ToldValue(before, field) != ToldValue(after, field);
    });
}

// A network that hears of changes hears each state as it was, not as it is when the call is made.
void Freeze(Delivery& delivery, const Conversion& conversion) {
    delivery.parameters.emplace_back("status", NameOf(conversion.status));
    for (Field field : kTold) {
        delivery.parameters.emplace_back(InfoOf(field).name, ToldValue(conversion, field));
    }
}

// False when the document is full of what is not settled or not an update.
bool MakeRoom(Conversion& document) {
    if (document.deliveries.size() < Conversion::kDeliveriesMax) return true;
    auto settled = [](const Delivery& delivery) {
        return delivery.kind == kUpdateKind && delivery.state == DeliveryState::kDone;
    };
    auto at = std::find_if(document.deliveries.begin(), document.deliveries.end(), settled);
    if (at == document.deliveries.end()) return false;
    document.deliveries.erase(at);
    return true;
}

Delivery UpdateOf(const Conversion& document, const std::string& destination) {
    Delivery delivery;
    delivery.destination = destination;
    delivery.kind = kUpdateKind;
    delivery.change = document.changes;
    delivery.next_at = Delivery::kHeld;
    delivery.parameters = {{"event", kUpdateKind}, {"change", fmt::format("{}", delivery.change)}};
    Freeze(delivery, document);
    delivery.id = DeliveryId(document.id, destination, delivery.kind, delivery.change);
    return delivery;
}

// In a full document the newest change takes the place of the last one that is held, so that the
// network hears at least how it ended.
void AddUpdate(Decision& decision, const DeliveryAsk& ask) {
    Conversion& document = *decision.document;
    auto update = UpdateOf(document, ask.destination);
    decision.changed = true;
    if (MakeRoom(document)) {
        decision.trace.push_back(fmt::format("owes update to {}", ask.destination));
        document.deliveries.push_back(std::move(update));
        return;
    }
    auto held = std::find_if(
        document.deliveries.rbegin(),
        document.deliveries.rend(),
        [&](const Delivery& delivery) {
            return delivery.destination == ask.destination && delivery.kind == kUpdateKind &&
                   delivery.state == DeliveryState::kWaiting && delivery.next_at == Delivery::kHeld;
        }
    );
    if (held == document.deliveries.rend()) {
        decision.trace.push_back(fmt::format("no room to owe an update to {}", ask.destination));
        return;
    }
    decision.trace.push_back(fmt::format("owes {} one update for two changes", ask.destination));
    *held = std::move(update);
}

void AddFirst(Decision& decision, const DeliveryAsk& ask, Time now) {
    Conversion& document = *decision.document;
    if (!MakeRoom(document)) {
        decision.trace.push_back(fmt::format("no room to owe anything to {}", ask.destination));
        return;
    }
    Delivery delivery;
    delivery.destination = ask.destination;
    delivery.kind = ask.kind;
    delivery.next_at = now;
    delivery.parameters = ask.extra;
    if (ask.updates) Freeze(delivery, document);
    delivery.id = DeliveryId(document.id, delivery.destination, delivery.kind);
    decision.fresh_deliveries.push_back(delivery.id);
    decision.trace.push_back(fmt::format("owes {} to {}", delivery.kind, delivery.destination));
    document.deliveries.push_back(std::move(delivery));
    decision.changed = true;
}

}  // namespace

void AddOwed(Decision& decision, const std::vector<DeliveryAsk>& asks, const OweContext& context) {
    Conversion& document = *decision.document;
    std::set<std::string> told;
    for (const auto& ask : asks) {
        if (!ask.offers.Admits(document.fields.Get(Field::kOfferId))) continue;
        if (!ask.statuses.Has(document.status)) {
            decision.trace.push_back(
                fmt::format("{} is not told of {}", ask.destination, NameOf(document.status))
            );
            continue;
        }
        if (!document.FindDelivery(ask.destination, ask.kind)) {
            if (document.status == Status::kRejected) {
                decision.trace.push_back("rejected: no new deliveries");
            } else {
                AddFirst(decision, ask, context.now);
            }
            continue;
        }
        bool told_before = context.before && ask.updates && ask.destination != context.source &&
                           context.before->FindDelivery(ask.destination, ask.kind);
        if (!told_before || !TellsOtherwise(*context.before, document)) continue;
        if (!told.insert(ask.destination).second) continue;  // asked for twice, told once
        if (told.size() == 1) ++document.changes;
        AddUpdate(decision, ask);
    }
}

void Reschedule(Decision& decision, const std::string& node, Time now) {
    Conversion& document = *decision.document;
    auto is_update = [](const Delivery& delivery) { return delivery.kind == kUpdateKind; };
    if (std::none_of(document.deliveries.begin(), document.deliveries.end(), is_update)) {
        return document.Reschedule(node);
    }
    std::set<std::string_view> waiting;  // destinations with something earlier that waits
    for (auto& delivery : document.deliveries) {
        if (delivery.state != DeliveryState::kWaiting) continue;
        bool first = waiting.insert(delivery.destination).second;
        if (!is_update(delivery)) continue;
        if (!first) {
            delivery.next_at = Delivery::kHeld;
            std::erase(decision.fresh_deliveries, delivery.id);  // replayed, and not yet its turn
        } else if (delivery.next_at == Delivery::kHeld) {
            delivery.next_at = now;
            decision.fresh_deliveries.push_back(delivery.id);
        }
    }
    document.Reschedule(node);
}

}  // namespace barracuda::domain
