#include "domain/owe.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/check.h"

namespace barracuda::domain {

namespace {

// So many changes wait for one destination, each as it was; the next takes the place of the last.
constexpr ptrdiff_t kHeldMax = 4;
static_assert(kHeldMax < ptrdiff_t{Conversion::kDeliveriesMax});

// Fields that a change can change and that a network of a template may be told.
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

bool IsHeld(const Delivery& delivery) {
    return delivery.kind == kUpdateKind && delivery.state == DeliveryState::kWaiting &&
           delivery.next_at == Delivery::kHeld;
}

// Whether a later update of its network tells all that this one would; `coming` has one more.
bool IsOutdated(
    const std::vector<Delivery>& all, const Delivery& one, const NetworkName& coming = {}
) {
    if (one.kind == kUpdateKind && one.network == coming) return true;
    return one.kind == kUpdateKind &&
           std::any_of(&one + 1, all.data() + all.size(), [&](auto& two) {
               return two.kind == kUpdateKind && two.network == one.network;
           });
}

template <typename Wanted>
bool EraseFirst(std::vector<Delivery>& all, Wanted wanted) {
    auto at = std::find_if(all.begin(), all.end(), wanted);
    if (at == all.end()) return false;
    all.erase(at);
    return true;
}

// Updates give way: one that arrived, then those held in vain, then one that did not arrive and
// that a later one has made untrue. False when the document is full of what is none of these.
// `coming`: the network that an update is to be added for.
bool MakeRoom(Conversion& document, const NetworkName& coming = {}) {
    auto& all = document.deliveries;
    auto arrived = [](const Delivery& one) {
        return one.kind == kUpdateKind && one.state == DeliveryState::kDone;
    };
    auto in_vain = [&](const Delivery& one) { return IsHeld(one) && IsOutdated(all, one); };
    auto untrue = [&](const Delivery& one) {
        return one.state != DeliveryState::kWaiting && IsOutdated(all, one, coming);
    };
    while (all.size() >= Conversion::kDeliveriesMax) {
        const bool room =
            EraseFirst(all, arrived) || EraseFirst(all, in_vain) || EraseFirst(all, untrue);
        if (!room) return false;
    }
    return true;
}

// Rather seen and replayed by an operator than forgotten.
void AddWithoutRoom(Decision& decision, Delivery delivery, Time now) {
    ++decision.no_room;
    decision.trace.push_back(
        fmt::format("no room to owe {} to {}", delivery.kind, delivery.network.value)
    );
    BARRACUDA_CHECK(decision.no_room > 0);
    auto& all = decision.document->deliveries;
    if (all.size() >= Conversion::kDeliveriesMost) return;
    delivery.state = DeliveryState::kDead;
    delivery.next_at = {};
    delivery.last_at = now;
    delivery.error = Delivery::kNoRoom;
    all.push_back(std::move(delivery));
    decision.changed = true;
}

Delivery UpdateOf(const Conversion& document, const NetworkName& network) {
    Delivery delivery;
    delivery.network = network;
    delivery.kind = kUpdateKind;
    delivery.change = document.changes;
    delivery.next_at = Delivery::kHeld;
    delivery.parameters = {{"event", kUpdateKind}, {"change", fmt::format("{}", delivery.change)}};
    Freeze(delivery, document);
    delivery.id = DeliveryIdOf(document.id, network, delivery.kind, delivery.change);
    return delivery;
}

void AddUpdate(Decision& decision, const DeliveryAsk& ask, Time now) {
    Conversion& document = *decision.document;
    auto update = UpdateOf(document, ask.network);
    decision.changed = true;
    auto held = [&](const Delivery& delivery) {
        return IsHeld(delivery) && delivery.network == ask.network;
    };
    auto& all = document.deliveries;
    if (std::count_if(all.begin(), all.end(), held) >= kHeldMax) {
        decision.trace.push_back(
            fmt::format("owes {} one update for two changes", ask.network.value)
        );
        all.erase(std::find_if(all.rbegin(), all.rend(), held).base() - 1);
    }
    if (!MakeRoom(document, ask.network)) {
        return AddWithoutRoom(decision, std::move(update), now);
    }
    BARRACUDA_CHECK(all.size() < Conversion::kDeliveriesMax);
    decision.trace.push_back(fmt::format("owes update to {}", ask.network.value));
    all.push_back(std::move(update));
}

void AddFirst(Decision& decision, const DeliveryAsk& ask, Time now) {
    Conversion& document = *decision.document;
    Delivery delivery;
    delivery.network = ask.network;
    delivery.kind = ask.kind;
    delivery.next_at = now;
    delivery.parameters = ask.extra;
    if (ask.updates) Freeze(delivery, document);
    delivery.id = DeliveryIdOf(document.id, delivery.network, delivery.kind);
    if (!MakeRoom(document)) return AddWithoutRoom(decision, std::move(delivery), now);
    BARRACUDA_CHECK(document.deliveries.size() < Conversion::kDeliveriesMax);
    decision.fresh_deliveries.push_back(delivery.id);
    decision.trace.push_back(fmt::format("owes {} to {}", delivery.kind, delivery.network.value));
    document.deliveries.push_back(std::move(delivery));
    decision.changed = true;
}

// Another node finds what it owns by when it is due: behind what has waited there for long it would
// find what is added now last of all.
void MakeFound(Decision& decision, const NodeId& node, Time now) {
    Conversion& document = *decision.document;
    const bool elsewhere = !document.owner.empty() && document.owner != node;
    if (!elsewhere || decision.fresh_deliveries.empty()) return;
    for (auto& delivery : document.deliveries) {
        if (delivery.Due(now)) delivery.next_at = now;
    }
}

}  // namespace

void AddOwed(Decision& decision, const std::vector<DeliveryAsk>& asks, const OweContext& context) {
    BARRACUDA_CHECK(decision.document.has_value());
    Conversion& document = *decision.document;
    std::set<NetworkName> told;
    for (const auto& ask : asks) {
        if (!ask.offers.Admits(document.fields.Get(Field::kOfferId))) continue;
        if (!ask.statuses.Has(document.status)) {
            decision.trace.push_back(
                fmt::format("{} is not told of {}", ask.network.value, NameOf(document.status))
            );
            continue;
        }
        if (!document.FindDelivery(ask.network, ask.kind)) {
            if (document.status == Status::kRejected) {
                decision.trace.push_back("rejected: no new deliveries");
            } else {
                AddFirst(decision, ask, context.now);
            }
            continue;
        }
        bool told_before = context.before && ask.updates && ask.network != context.source &&
                           context.before->FindDelivery(ask.network, ask.kind);
        if (!told_before || !TellsOtherwise(*context.before, document)) continue;
        if (!told.insert(ask.network).second) continue;  // asked for twice, told once
        if (told.size() == 1) ++document.changes;
        AddUpdate(decision, ask, context.now);
    }
}

void Reschedule(Decision& decision, const NodeId& node, Time now) {
    Conversion& document = *decision.document;
    auto is_update = [](const Delivery& delivery) { return delivery.kind == kUpdateKind; };
    if (std::none_of(document.deliveries.begin(), document.deliveries.end(), is_update)) {
        MakeFound(decision, node, now);
        return document.Reschedule(node);
    }
    std::set<std::string_view> waiting;  // networks with something earlier that waits
    for (auto& delivery : document.deliveries) {
        if (delivery.state != DeliveryState::kWaiting) continue;
        bool first = waiting.insert(delivery.network.value).second;
        if (!is_update(delivery)) continue;
        if (!first) {
            delivery.next_at = Delivery::kHeld;
            std::erase(decision.fresh_deliveries, delivery.id);  // replayed, and not yet its turn
        } else if (delivery.next_at == Delivery::kHeld) {
            delivery.next_at = now;
            decision.fresh_deliveries.push_back(delivery.id);
        }
    }
    MakeFound(decision, node, now);
    document.Reschedule(node);
}

}  // namespace barracuda::domain
