// Plans the adoption of one contact.
#include "adopt/seed_document.h"
#include "base/text.h"
#include "base/unseen.h"

namespace barracuda::adopt {

namespace {

// The fields whose value is looked up as text.
constexpr const char* kTextOnly[] = {"sub1", "click_id"};

}  // namespace

std::string EmailKeyOf(std::string_view bson) {
    const domain::TopFields fields(bson);
    if (!HoldsText(fields, "email")) return {};
    const std::string email = fields.TextOr("email");
    return Lower(TrimUnseen(email));
}

ContactPlan PlanContact(std::string_view bson, const ContactFacts& facts) {
    ContactPlan plan;
    auto read = domain::DecodeContact(bson);
    if (!read) return plan;
    const domain::TopFields fields(bson);
    const bool renewed = !HoldsObjectId(fields);
    domain::Contact contact = *read;
    std::vector<std::string> always;
    auto count = [&](const char* what) { ++plan.counts[what]; };
    for (const char* name : kTextOnly) {
        if (HoldsOtherScalar(fields, name)) always.emplace_back(name);
    }
    if (!always.empty()) count("contacts.ids_made_text");
    for (std::string* id : {&contact.sub1, &contact.click_id, &contact.affiliate_id}) {
        *id = std::string(TrimUnseen(*id));
    }
    if (contact.sub1 != read->sub1 || contact.click_id != read->click_id) {
        count("contacts.ids_trimmed");
    }
    contact.created = SeedCreated(fields);
    if (contact.created != read->created) count("contacts.dates_set");
    const std::string key = EmailKeyOf(bson);
    if (key.empty()) {
        count("contacts.without_email");
    } else if (!facts.oldest_of_email && contact.email_key.empty()) {
        count("contacts.same_email");
    } else if (contact.email_key.empty()) {
        contact.email_key = key;
        count("contacts.email_keys_set");
    }
    if (contact.Click().empty() && !facts.click.empty()) {
        contact.click_id = facts.click;
        contact.sub1 = facts.hash;
        // A form of the old application gave a click one name for both.
        contact.hash_given = facts.hash != facts.click;
        count("contacts.clicks_found");
    }
    if (SyncFlags(contact, facts.conversions)) count("contacts.flags_recomputed");
    if (renewed) contact.id = SubstituteId("contacts", bson);
    const std::string same = domain::Encode(*read);
    if (!renewed && UpdateOf(same, Encode(contact), always).empty()) {
        count("contacts.unchanged");
        return plan;
    }
    ++contact.rev;
    if (renewed) {
        count("contacts.ids_renewed");
        plan.insert = Encode(contact);
    } else {
        plan.update = UpdateOf(same, Encode(contact), always);
    }
    return plan;
}

}  // namespace barracuda::adopt
