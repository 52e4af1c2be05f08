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

std::string Or(const std::string& text, const char* otherwise) {
    return text.empty() ? otherwise : text;
}

std::string AttemptsOf(int count) {
    return fmt::format("{} attempt{}", count, count == 1 ? "" : "s");
}

std::string SumOf(const Conversion& c) {
    const auto amount = c.fields.Get(Field::kAmount);
    if (amount.empty()) return "";
    return fmt::format(", {} {}", amount, c.fields.Get(Field::kCurrency, domain::kDefaultCurrency));
}

std::string TextOf(const Contact& c) {
    std::string text = "the form was filled in";
    if (!c.flow.route.empty()) text += ": " + c.flow.route;
    if (!c.type.empty()) text += ", as " + c.type;
    if (!c.affiliate_id.empty()) text += ", from affiliate " + c.affiliate_id;
    return text;
}

std::string TextOf(const domain::Flow& flow) {
    std::string text = fmt::format("next step: {}", NameOf(flow.step));
    if (flow.attempts > 0) text += fmt::format(", {} failed", AttemptsOf(flow.attempts));
    if (!flow.last_error.empty()) text += ": " + flow.last_error;
    return text;
}

// Who edited what is not kept of a contact: its fields are as they are now.
std::string TextOfEdit(const Contact& c) {
    std::string text = "last changed: status " + Or(c.status, "none");
    if (!c.affiliate_status.empty()) text += ", affiliate " + c.affiliate_status;
    if (!c.affiliate_reason.empty()) text += " (" + c.affiliate_reason + ")";
    if (c.ftd) text += ", first deposit made";
    if (!c.affiliate_error.empty()) text += ", the network: " + c.affiliate_error;
    return text;
}

std::string TextOf(const Conversion& c) {
    return fmt::format(
        "{}, goal {}{}, {} ({})",
        NameOf(c.goal_type),
        c.key.goal.value,
        SumOf(c),
        NameOf(c.status),
        NameOf(c.provenance)
    );
}

std::string TextOf(const domain::HistoryEntry& entry) {
    const std::string reason = entry.reason.empty() ? "" : ": " + entry.reason;
    return fmt::format(
        "{}: {} to {}, by {}{}",
        entry.field,
        Or(entry.from, "nothing"),
        Or(entry.to, "nothing"),
        Or(entry.by, "nobody named"),
        reason
    );
}

std::string TextOf(const Delivery& delivery) {
    std::string text = fmt::format(
        "{} to {}: {}", delivery.kind, Or(delivery.network.value, "?"), NameOf(delivery.state)
    );
    if (delivery.attempts > 0) text += ", " + AttemptsOf(delivery.attempts);
    if (delivery.status != 0) text += fmt::format(", HTTP {}", delivery.status);
    if (!delivery.error.empty()) text += ": " + delivery.error;
    if (delivery.erased) text += " (the person it told of was erased since)";
    return text;
}

class Collected {
public:
    void Add(Time at, TimelineKind kind, std::string id, std::string text) {
        timeline_.items.push_back({at, kind, std::move(id), std::move(text)});
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
    Add(c.created, kContact, id, TextOf(c));
    if (c.updated > c.created) Add(c.updated, kEdit, id, TextOfEdit(c));
    if (c.flow.Unfinished()) Add(std::max(c.updated, c.created), kFlow, id, TextOf(c.flow));
}

void Collected::Add(const Conversion& c) {
    const std::string id = c.id.Hex();
    Add(c.created, kConversion, id, TextOf(c));
    for (const auto& entry : c.history) Add(entry.at, kChange, id, TextOf(entry));
    if (c.history_dropped > 0) LeftOut();
    for (const auto& delivery : c.deliveries) {
        // One that nothing was heard of is owed since the conversion's last change at the latest.
        const Time at = delivery.last_at.ms != 0 ? delivery.last_at : c.created;
        Add(at, kDelivery, id + "-" + delivery.id.value, TextOf(delivery));
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
        collected.Add(erased.at, kErasure, contact.Hex(), "the person was erased");
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
