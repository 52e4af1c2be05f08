#include "oracle.h"

#include <algorithm>

#include "nodes/node_document.h"
#include "store/engine.h"
#include "store/kv_keys.h"

namespace barracuda::sim {

namespace {

using domain::DeliveryState;

size_t HistoryOf(const domain::Conversion& one) {
    return one.history.size() + static_cast<size_t>(one.history_dropped);
}

std::string NameOf(const domain::Conversion& one) {
    return fmt::format("{}/{} rev {}", one.key.click.value, one.key.goal.value, one.rev);
}

// The fields in which two states of a conversion differ, by the names that the history has.
std::set<std::string> Differing(const domain::Conversion& a, const domain::Conversion& b) {
    std::set<std::string> names;
    for (const auto& info : domain::kFields) {
        if (a.fields.Get(info.field) != b.fields.Get(info.field)) names.insert(info.name);
    }
    if (a.status != b.status) names.insert("status");
    if (a.provenance != b.provenance) names.insert("provenance");
    return names;
}

// Empty: every difference stands in the history that came since.
std::string Unexplained(const domain::Conversion& before, const domain::Conversion& after) {
    const size_t had = HistoryOf(before), has = HistoryOf(after);
    if (has < had) return "the history became shorter";
    const size_t fresh = std::min(has - had, after.history.size());
    for (const auto& name : Differing(before, after)) {
        const bool said = std::any_of(
            after.history.end() - static_cast<std::ptrdiff_t>(fresh),
            after.history.end(),
            [&](const auto& entry) { return entry.field == name; }
        );
        if (!said) return name + " changed without history";
    }
    return {};
}

// Whether a delivery may go from one state to the other; `word`: the history has an operator's that
// brings it there (the same word twice in a row is one entry).
bool MayBecome(const domain::Delivery& from, const domain::Delivery& to, bool word) {
    switch (from.state) {
        case DeliveryState::kWaiting:
            return true;
        case DeliveryState::kDone:
            return to.state == DeliveryState::kDone;
        case DeliveryState::kDead:
            return to.state == DeliveryState::kDead || word;
        case DeliveryState::kCancelled:
            return to.state == DeliveryState::kCancelled || to.state == DeliveryState::kDone ||
                   word;
    }
    return false;
}

}  // namespace

void Oracle::Break(std::string what) {
    if (!broken.empty()) return;
    trace_.Note("BROKEN: {}", what);
    broken = std::move(what);
}

void Oracle::Applied(std::span<const store::KvChange> changes) {
    ++counts.applied;
    for (const auto& change : changes) ApplyOne(change);
}

void Oracle::ApplyOne(const store::KvChange& change) {
    using store::Collection;
    if (change.space != store::Space::kDocuments || change.key.empty()) return;
    const auto collection = static_cast<Collection>(change.key[0]);
    const bool gone = change.kind == store::KvChange::Kind::kDelete;
    if (collection == Collection::kConversions) {
        auto next = domain::DecodeConversion(change.value);
        if (gone || !next) return Break("a conversion was deleted, or cannot be read");
        Conversion(change.key, *next);
    } else if (collection == Collection::kContacts) {
        auto next = domain::DecodeContact(change.value);
        if (gone || !next) return Break("a contact was deleted, or cannot be read");
        Contact(change.key, *next);
    } else if (collection == Collection::kSettings) {
        if (change.key.find("stop:") != std::string::npos) stopped_ = !gone;
    } else if (collection == Collection::kNodes && !gone) {
        const auto node = nodes::DecodeNode(change.value);
        const bool fresh = node.state == nodes::NodeState::kDead && !dead_.contains(node.id.value);
        if (!fresh) return;
        dead_[node.id.value] = node.declared_by.value;
        std::erase_if(heard_, [&](const auto& one) {
            return one.second->ids.contains(node.id.value);
        });
        trace_.Note("{} is declared dead by {}", node.id.value, node.declared_by.value);
    }
}

void Oracle::Conversion(const std::string& key, const domain::Conversion& next) {
    trace_.Note(
        "stored {} {} owner {} deliveries {}",
        NameOf(next),
        domain::NameOf(next.status),
        next.owner.value,
        next.deliveries.size()
    );
    const auto at = conversions_.find(key);
    if (at == conversions_.end()) {
        if (next.rev != 1) Break(NameOf(next) + ": it begins with another revision than 1");
    } else {
        const auto& before = at->second;
        if (next.id != before.id) Break(NameOf(next) + ": a second conversion of one key");
        if (next.rev != before.rev + 1) {
            Break(fmt::format("{}: it follows revision {}", NameOf(next), before.rev));
        }
        if (next.created != before.created) Break(NameOf(next) + ": its creation moved");
        if (auto why = Unexplained(before, next); !why.empty()) Break(NameOf(next) + ": " + why);
        Deliveries(before, next);
    }
    for (const auto& delivery : next.deliveries) {
        const auto id =
            domain::DeliveryIdOf(next.id, delivery.network, delivery.kind, delivery.change);
        if (id != delivery.id) Break(NameOf(next) + ": a delivery's id is not its own");
        deliveries_[delivery.id.value] = key;
    }
    conversions_[key] = next;
}

void Oracle::Deliveries(const domain::Conversion& before, const domain::Conversion& after) {
    for (const auto& old : before.deliveries) {
        const auto now =
            std::find_if(after.deliveries.begin(), after.deliveries.end(), [&](const auto& one) {
                return one.id == old.id;
            });
        if (now == after.deliveries.end()) return Break(NameOf(after) + ": a delivery is gone");
        const bool word =
            std::any_of(after.history.begin(), after.history.end(), [&](const auto& entry) {
                return entry.field == "delivery " + old.id.value &&
                       entry.to == domain::NameOf(now->state);
            });
        if (!MayBecome(old, *now, word)) {
            Break(fmt::format(
                "{}: a delivery went from {} to {}",
                NameOf(after),
                domain::NameOf(old.state),
                domain::NameOf(now->state)
            ));
        }
        if (old.Attempted() && now->parameters != old.parameters) {
            Break(NameOf(after) + ": a delivery's parameters changed after its first attempt");
        }
    }
}

void Oracle::Contact(const std::string& key, const domain::Contact& next) {
    trace_.Note(
        "contact {} rev {} {} click {}",
        next.email,
        next.rev,
        domain::NameOf(next.flow.step),
        next.click_id
    );
    const auto at = contacts_.find(key);
    const int64_t before = at == contacts_.end() ? 0 : at->second.rev;
    // Several edits of one batch count each, and are one write.
    if (next.rev <= before) {
        Break(fmt::format("contact {}: rev {} follows {}", next.email, next.rev, before));
    }
    const auto [known, fresh] = emails_.emplace(next.email, key);
    if (!fresh && known->second != key) Break("two contacts of one e-mail: " + next.email);
    const bool moved = at != contacts_.end() && !at->second.click_id.empty() &&
                       at->second.click_id != next.click_id;
    if (moved) Break("contact " + next.email + ": its click became another one");
    contacts_[key] = next;
}

void Oracle::Survived(const std::vector<Record>& records) {
    ++counts.crashes;
    conversions_.clear();
    contacts_.clear();
    emails_.clear();
    deliveries_.clear();
    stopped_ = false;
    trace_.Note("{} batches survived", records.size());
    for (const auto& record : records) {
        for (const auto& change : record) ApplyOne(change);
    }
    for (const auto& [key, told] : told_) HoldAgainst(told, "after a crash");
    for (const auto& [key, told] : told_contacts_) {
        if (!contacts_.contains(key))
            Break("after a crash: the contact " + told.email + " is lost");
    }
}

void Oracle::HoldAgainst(const domain::Conversion& told, const std::string& when) {
    const auto at = conversions_.find(store::DocumentKey(store::RefOf(told.key)));
    const std::string name = when + ": " + NameOf(told);
    if (at == conversions_.end()) return Break(name + " was told, and is lost");
    const auto& stored = at->second;
    if (stored.id != told.id) return Break(name + " was told, and is another one");
    if (stored.rev < told.rev) {
        return Break(fmt::format("{} was told, and revision {} is stored", name, stored.rev));
    }
    if (auto why = Unexplained(told, stored); !why.empty()) Break(name + " was told: " + why);
    for (const auto& delivery : told.deliveries) {
        if (!deliveries_.contains(delivery.id.value)) Break(name + ": a delivery is lost");
    }
}

void Oracle::Told(const domain::ConversionKey& key, const domain::Decision& decision, bool report) {
    ++counts.told;
    if (!decision.document) return;
    const std::string at = store::DocumentKey(store::RefOf(key));
    trace_.Note("told {} {}", domain::NameOf(decision.verdict), NameOf(*decision.document));
    HoldAgainst(*decision.document, "at the answer");
    if (report && decision.verdict == domain::Verdict::kRecorded && ++recorded_[at] > 1) {
        Break(NameOf(*decision.document) + ": two were told that theirs was recorded");
    }
    auto& youngest = told_[at];
    if (decision.document->rev >= youngest.rev) youngest = *decision.document;
}

void Oracle::ToldContact(const domain::Contact& contact) {
    ++counts.told;
    const std::string key = store::DocumentKey({store::Collection::kContacts, contact.id.Hex()});
    if (!contacts_.contains(key)) Break("the contact " + contact.email + " was told, and is lost");
    told_contacts_[key] = contact;
}

bool Oracle::IsDeclaredDead(const Life& life) const {
    return std::any_of(life.ids.begin(), life.ids.end(), [&](const auto& id) {
        return dead_.contains(id);
    });
}

void Oracle::Begins(const Life& life, const std::string& delivery_id, size_t calls_max) {
    ++counts.attempts;
    const std::string who = fmt::format("{} sends {}", life.name, delivery_id);
    trace_.Note("{}", who);
    if (life.dead) return Break(who + " after its end");
    if (life.ending) return Break(who + " after it was told to stop");
    if (life.calls > calls_max) Break(fmt::format("{}: {} calls at a time", who, life.calls));
    const auto at = deliveries_.find(delivery_id);
    if (at == deliveries_.end()) return Break(who + ", which is not stored");
    const auto& conversion = conversions_.at(at->second);
    // What an operator cancels while it is under way is sent nevertheless.
    for (const auto& delivery : conversion.deliveries) {
        const bool cancelled = delivery.state == DeliveryState::kCancelled;
        if (cancelled && delivery.id.value == delivery_id) return;
    }
    if (!life.ids.contains(conversion.owner.value)) {
        return Break(fmt::format("{}, which is {}'s", who, conversion.owner.value));
    }
    if (dead_.contains(conversion.owner.value)) Break(who + " after it was declared dead");
    for (const auto& delivery : conversion.deliveries) {
        if (delivery.id.value != delivery_id) continue;
        if (delivery.state == DeliveryState::kDone) Break(who + ", which is done");
        if (life.stops.contains(delivery.network.value))
            Break(who + " to a network it has stopped");
    }
    if (heard_.contains(delivery_id)) {
        Break(fmt::format("{} again: {} has its yes", who, heard_.at(delivery_id)->name));
    }
}

void Oracle::Handled(const std::string& delivery_id, bool taken) {
    ++counts.handled;
    trace_.Note("the network {} {}", taken ? "takes" : "refuses", delivery_id);
    taken_[delivery_id] += taken;
}

void Oracle::Heard(const Life& life, const std::string& delivery_id) {
    if (!life.dead && !IsDeclaredDead(life)) heard_[delivery_id] = &life;
}

void Oracle::Gone(const Life& life) {
    std::erase_if(heard_, [&](const auto& one) { return one.second == &life; });
}

// Its registration was cancelled: until somebody names that delivery again it is refused.
bool Oracle::WaitsForOperator(const domain::Contact& contact) const {
    if (contact.flow.step != domain::FlowStep::kRefused) return false;
    const auto at = conversions_.find(
        store::DocumentKey(store::RefOf({ClickId(contact.click_id), GoalId("5"), ""}))
    );
    if (at == conversions_.end()) return false;
    const auto* told = at->second.FindDelivery(domain::kDefaultNetwork, domain::kGoalPostback);
    return told && told->state == DeliveryState::kCancelled;
}

void Oracle::AllDelivered() {
    for (const auto& [key, conversion] : conversions_) {
        for (const auto& delivery : conversion.deliveries) {
            if (delivery.state == DeliveryState::kCancelled) continue;
            const std::string what =
                fmt::format("at rest: {} of {}", delivery.id.value, NameOf(conversion));
            if (delivery.state != DeliveryState::kDone) {
                Break(fmt::format("{} is {}", what, domain::NameOf(delivery.state)));
            } else if (!taken_.contains(delivery.id.value) || taken_.at(delivery.id.value) == 0) {
                Break(what + " is done, and the network never took it");
            }
        }
    }
    for (const auto& [key, contact] : contacts_) {
        if (contact.flow.Unfinished() && !WaitsForOperator(contact)) {
            Break(fmt::format(
                "at rest: {} is at {}", contact.email, domain::NameOf(contact.flow.step)
            ));
        }
    }
}

}  // namespace barracuda::sim
