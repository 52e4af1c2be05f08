#include "contacts/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "contacts/erasure_sweep.h"
#include "domain/contact.h"
#include "store/index.h"

namespace barracuda::contacts {

using domain::Contact;
using domain::Conversion;
using domain::Delivery;
using domain::DeliveryState;
using domain::Field;
using enum TimelineKind;

namespace {

constexpr size_t kConversionsByPage = 100;

// Empty: none.
std::string NumberOf(int count) { return count == 0 ? std::string() : std::to_string(count); }

std::string AttemptsOf(const std::string& count) {
    return count + (count == "1" ? " attempt" : " attempts");
}

// `text` with a fact for its {}; empty where there is no such fact.
std::string Then(const Facts& facts, std::string_view text, std::string_view name) {
    const auto value = facts.Get(name);
    if (value.empty()) return {};
    std::string said(text);
    return said.replace(said.find("{}"), 2, value);
}

std::string Or(std::string_view text, const char* otherwise) {
    return std::string(text.empty() ? otherwise : text);
}

Facts FactsOf(const Contact& c) {
    return {{"route", c.flow.route}, {"type", c.type}, {"affiliate_id", c.affiliate_id}};
}

std::string TextOfContact(const Facts& f) {
    return "the form was filled in" + Then(f, ": {}", "route") + Then(f, ", as {}", "type") +
           Then(f, ", from affiliate {}", "affiliate_id");
}

Facts FactsOf(const domain::Flow& flow) {
    return {
        {"step", NameOf(flow.step)},
        {"attempts", NumberOf(flow.attempts)},
        {"error", flow.last_error}};
}

std::string TextOfFlow(const Facts& f) {
    std::string text = Then(f, "next step: {}", "step");
    if (f.Has("attempts")) text += ", " + AttemptsOf(f.Get("attempts")) + " failed";
    return text + Then(f, ": {}", "error");
}

// Who edited what is not kept of a contact: its fields are as they are now.
Facts FactsOfEdit(const Contact& c) {
    return {
        {"status", c.status},
        {"affiliate_status", c.affiliate_status},
        {"affiliate_reason", c.affiliate_reason},
        {"ftd", c.ftd ? "true" : ""},
        {"affiliate_error", c.affiliate_error}};
}

std::string TextOfEdit(const Facts& f) {
    return "last changed: status " + Or(f.Get("status"), "none") +
           Then(f, ", affiliate {}", "affiliate_status") + Then(f, " ({})", "affiliate_reason") +
           (f.Has("ftd") ? ", first deposit made" : "") +
           Then(f, ", the network: {}", "affiliate_error");
}

Facts FactsOf(const Conversion& c) {
    const auto amount = c.fields.Get(Field::kAmount);
    const auto currency = c.fields.Get(Field::kCurrency, domain::kDefaultCurrency);
    return {
        {"goal_type", domain::NameOf(c.goal_type)},
        {"goal_id", c.key.goal.value},
        {"amount", std::string(amount)},
        {"currency", amount.empty() ? "" : std::string(currency)},
        {"status", domain::NameOf(c.status)},
        {"provenance", domain::NameOf(c.provenance)}};
}

std::string TextOfConversion(const Facts& f) {
    return f.Get("goal_type") + Then(f, ", goal {}", "goal_id") + Then(f, ", {}", "amount") +
           Then(f, " {}", "currency") + Then(f, ", {}", "status") + Then(f, " ({})", "provenance");
}

Facts FactsOf(const domain::HistoryEntry& entry) {
    return {
        {"field", entry.field},
        {"from", entry.from},
        {"to", entry.to},
        {"by", entry.by},
        {"reason", entry.reason}};
}

std::string TextOfChange(const Facts& f) {
    return f.Get("field") + ": " + Or(f.Get("from"), "nothing") + " to " +
           Or(f.Get("to"), "nothing") + ", by " + Or(f.Get("by"), "nobody named") +
           Then(f, ": {}", "reason");
}

Facts FactsOf(const Delivery& delivery) {
    return {
        {"kind", delivery.kind},
        {"network", delivery.network.value},
        {"state", domain::NameOf(delivery.state)},
        {"attempts", NumberOf(delivery.attempts)},
        {"code", NumberOf(delivery.status)},
        {"error", delivery.error},
        {"erased", delivery.erased ? "true" : ""}};
}

std::string TextOfDelivery(const Facts& f) {
    std::string text = f.Get("kind") + " to " + Or(f.Get("network"), "?") + ": " + f.Get("state");
    if (f.Has("attempts")) text += ", " + AttemptsOf(f.Get("attempts"));
    text += Then(f, ", HTTP {}", "code") + Then(f, ": {}", "error");
    return text + (f.Has("erased") ? " (the person it told of was erased since)" : "");
}

std::string TextOf(TimelineKind kind, const Facts& facts) {
    switch (kind) {
        case kContact:
            return TextOfContact(facts);
        case kEdit:
            return TextOfEdit(facts);
        case kFlow:
            return TextOfFlow(facts);
        case kConversion:
            return TextOfConversion(facts);
        case kChange:
            return TextOfChange(facts);
        case kDelivery:
            return TextOfDelivery(facts);
        case kErasure:
            break;
    }
    return "the person was erased";
}

class Collected {
public:
    void Add(Time at, TimelineKind kind, std::string id, Facts facts) {
        std::string text = TextOf(kind, facts);
        timeline_.items.push_back({at, kind, std::move(id), std::move(facts), std::move(text)});
        // Bounded while it grows, and sorted seldom.
        if (timeline_.items.size() >= 4 * Timeline::kItemsMax) Cut();
    }
    void Add(const Contact& c);
    void Add(const Conversion& c);
    void LeftOut() { timeline_.complete = false; }
    Timeline Take() {
        Cut();
        return std::move(timeline_);
    }

private:
    // Of one moment the later kind comes first: a conversion is there before it is told of.
    void Cut() {
        auto& items = timeline_.items;
        std::stable_sort(items.begin(), items.end(), [](const auto& a, const auto& b) {
            return std::tie(b.at, b.kind) < std::tie(a.at, a.kind);
        });
        if (items.size() <= Timeline::kItemsMax) return;
        items.resize(Timeline::kItemsMax);
        LeftOut();
    }

    Timeline timeline_;
};

void Collected::Add(const Contact& c) {
    const std::string id = c.id.Hex();
    Add(c.created, kContact, id, FactsOf(c));
    if (c.updated > c.created) Add(c.updated, kEdit, id, FactsOfEdit(c));
    if (c.flow.Unfinished()) Add(std::max(c.updated, c.created), kFlow, id, FactsOf(c.flow));
}

void Collected::Add(const Conversion& c) {
    const std::string id = c.id.Hex();
    Add(c.created, kConversion, id, FactsOf(c));
    for (const auto& entry : c.history) Add(entry.at, kChange, id, FactsOf(entry));
    if (c.history_dropped > 0) LeftOut();
    for (const auto& delivery : c.deliveries) {
        // One that nothing was heard of is owed since the conversion's last change at the latest.
        const Time at = delivery.last_at.ms != 0 ? delivery.last_at : c.created;
        Add(at, kDelivery, id + "-" + delivery.id.value, FactsOf(delivery));
    }
}

// As ConversionsOf (contact_sync.h) finds them, and no more than the bound.
Result<bool> AddConversions(store::Engine& engine, const Contact& contact, Collected& to) {
    size_t left = Timeline::kConversionsMax;
    for (const auto& click : std::set<std::string>{contact.click_id, contact.sub1}) {
        if (click.empty()) continue;
        store::ScanRequest request;
        store::AppendText(request.key_prefix, click);
        do {
            request.limit = std::clamp<size_t>(left, 1, kConversionsByPage);  // one: is there more?
            auto page = engine.Scan(request);
            if (!page) return Fail(page.error());
            if (left == 0 && !page->documents.empty()) {
                to.LeftOut();
                return true;
            }
            for (const auto& document : page->documents) {
                if (auto conversion = domain::DecodeConversion(document)) to.Add(*conversion);
            }
            left -= std::min(left, page->documents.size());
            request.cursor = page->cursor;
        } while (!request.cursor.empty());
    }
    return true;
}

}  // namespace

Facts::Facts(std::initializer_list<Fact> facts) {
    for (const auto& fact : facts) {
        if (!fact.second.empty()) facts_.push_back(fact);
    }
}

std::string Facts::Get(std::string_view name) const {
    for (const auto& [named, value] : facts_) {
        if (name == named) return value;
    }
    return {};
}

const char* NameOf(TimelineKind kind) {
    static constexpr const char* kNames[] = {
        "contact", "edit", "flow", "conversion", "change", "delivery", "erasure"};
    return kNames[static_cast<size_t>(kind)];
}

Result<std::optional<Timeline>> TimelineOf(store::Engine& engine, const ObjectId& contact) {
    const std::array refs = {
        store::Ref{store::Collection::kContacts, contact.Hex()}, ErasureMarkRef(contact)};
    auto loaded = engine.Load(refs);
    if (!loaded) return Fail(loaded.error());
    const auto& [person, mark] = std::tie((*loaded)[0], (*loaded)[1]);
    if (!person && !mark) return std::optional<Timeline>();
    Collected collected;
    if (mark) {
        const auto erased = DecodeErasureMark(*mark);
        collected.Add(erased.at, kErasure, contact.Hex(), Facts());
    }
    if (person) {
        auto decoded = domain::DecodeContact(*person);
        if (!decoded) return Fail(decoded.error());
        collected.Add(*decoded);
        if (auto read = AddConversions(engine, *decoded, collected); !read) {
            return Fail(read.error());
        }
    }
    return std::optional(collected.Take());
}

}  // namespace barracuda::contacts
