#include "demo/contacts.h"

#include <fmt/format.h>

#include <cstring>

#include "demo/cast.h"
#include "demo/days.h"
#include "demo/dice.h"

namespace barracuda::demo {

namespace {

using domain::Field;

constexpr int kDays = 90;
constexpr const char* kTypes[] = {
    "affiliate", "affiliate", "affiliate", "publisher", "media_buyer", "advertiser", "agency"};
constexpr const char* kStatuses[] = {"new", "contacted", "qualified", "closed"};

ObjectId IdOf(Time at, uint64_t seed, size_t number, uint8_t kind) {
    ObjectId id;
    const uint64_t seconds = static_cast<uint64_t>(at.ms / 1'000);
    for (size_t i = 0; i < 4; ++i) {
        id.bytes[i] = static_cast<uint8_t>(seconds >> (24 - 8 * i));
        id.bytes[4 + i] = static_cast<uint8_t>(seed >> (24 - 8 * i));
        id.bytes[8 + i] = static_cast<uint8_t>(number >> (24 - 8 * i));
    }
    id.bytes[8] = kind;  // beside those of conversions, which count from 0
    return id;
}

domain::Conversion OfForm(const domain::Contact& contact, bool deposit, uint64_t seed, size_t at) {
    domain::Conversion to;
    to.id = IdOf(contact.created, seed, at, deposit ? 0xf2 : 0xf1);
    to.key.click = ClickId(contact.click_id);
    to.key.goal = deposit ? GoalId("6") : GoalId("5");
    to.goal_type = deposit ? domain::GoalType::kDeposit : domain::GoalType::kRegistration;
    to.status = domain::Status::kApproved;
    to.provenance = deposit ? domain::Provenance::kAuto : domain::Provenance::kForm;
    to.route = "contact";
    to.fields.Set(Field::kAffiliateId, contact.affiliate_id);
    to.fields.Set(Field::kOfferId, "2");
    to.fields.Set(Field::kAmount, deposit ? "100" : "0");
    to.fields.Set(Field::kCurrency, domain::kDefaultCurrency);
    to.fields.Set(Field::kSub1, contact.sub1);
    to.created = to.updated = Time{contact.created.ms + (deposit ? 420 : 180)};
    to.rev = 1;
    return to;
}

Visitor MadeVisitor(size_t number, Time at, uint64_t seed, Dice& dice) {
    Visitor visitor;
    auto& contact = visitor.contact;
    contact.id = IdOf(at, seed, number, 0xf0);
    contact.email = contact.email_key = fmt::format("contact-{:04}@mail.example", number);
    contact.name = fmt::format("Contact {:04}", number);
    contact.company = dice.Chance(.7) ? fmt::format("Company {:03}", dice.Below(180)) : "";
    contact.type = kTypes[dice.Below(std::size(kTypes))];
    contact.messenger = dice.Chance(.5) ? "telegram" : "";
    if (!contact.messenger.empty()) contact.username = fmt::format("contact_{:04}", number);
    contact.message = "Traffic from two or three countries, mostly mobile.";
    contact.tracking_source = "contact_form";
    contact.affiliate_id = "2";
    contact.sub1 = contact.click_id = contact.click_hash =
        fmt::format("{:016x}{:016x}", dice.Next(), dice.Next());
    contact.status = kStatuses[dice.Below(std::size(kStatuses))];
    if (contact.type == "affiliate") {
        const size_t judged = dice.Below(10);
        contact.affiliate_status = judged < 6 ? "approved" : judged < 9 ? "pending" : "rejected";
        if (judged == 9) contact.affiliate_reason = "no traffic of its own";
    }
    contact.flow.route = "contact";
    contact.flow.step = domain::FlowStep::kDone;
    contact.created = contact.updated = at;
    contact.rev = 1;
    visitor.conversions.push_back(OfForm(contact, false, seed, number));
    if (dice.Chance(.35)) visitor.conversions.push_back(OfForm(contact, true, seed, number));
    domain::SyncFlags(contact, visitor.conversions);
    return visitor;
}

}  // namespace

std::vector<Visitor> Visitors(size_t count, Time end, uint64_t seed) {
    const Days days(end, kDays, seed + 1);
    Dice dice(seed + 2);
    std::vector<Visitor> visitors;
    visitors.reserve(count);
    for (size_t i = 0; i < count; ++i) {
        const Time at = days.At((static_cast<double>(i) + .5) / static_cast<double>(count));
        visitors.push_back(MadeVisitor(i + 1, at, seed, dice));
    }
    return visitors;
}

}  // namespace barracuda::demo
