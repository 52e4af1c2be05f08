#include "adopt/planner.h"

#include "domain/bson.h"
#include "store/mongo/address.h"

namespace barracuda::adopt {

namespace {

constexpr const char* kConversions = "conversions";
constexpr const char* kConversionsRead = "conversions.read";
constexpr const char* kContacts = "contacts";
constexpr const char* kAdmins = "admins";

std::string WhereOf(std::string_view collection, std::string_view document) {
    return std::string(collection) + "/" + IdText(document);
}

std::string IdOf(std::string_view document) {
    return domain::TopText(document, "_id").value_or("");
}

}  // namespace

Result<PagePlan> AdoptionPlanner::Plan(std::string_view step, const Rows& page) {
    if (step == kContacts) return PlanContacts(page);
    if (step == kAdmins) return PlanAdmins(page);
    for (auto kind : {SeedKind::kConversion, SeedKind::kPostback, SeedKind::kFtd}) {
        if (step == CollectionOf(kind)) return PlanKeys(kind, page);
    }
    BARRACUDA_CHECK(false);
}

Result<PagePlan> AdoptionPlanner::PlanKeys(SeedKind kind, const Rows& page) {
    PagePlan plan;
    std::set<std::string> clicks;
    std::set<domain::ConversionKey> keys;
    const std::string read = std::string(CollectionOf(kind)) + ".read";
    for (const auto& row : page) {
        if (HasSubstituteId(row)) continue;  // counted as what it was
        auto key = SeedKeyOf(kind, row, rules_);
        ++plan.counts[read];
        if (key) {
            clicks.insert(key->click.value);
            keys.insert(std::move(*key));
            continue;
        }
        ++plan.counts[std::string(CollectionOf(kind)) + ".set_aside"];
        Aside aside{.where = WhereOf(CollectionOf(kind), row), .reason = "no key"};
        aside.why = key.error().message;
        if (kind == SeedKind::kConversion) {  // the other collections are not read any more
            aside.document = row;
            plan.writes.deletes.push_back({kConversions, row});
        }
        plan.writes.asides.push_back(std::move(aside));
    }
    auto groups = rows_.AllOf(clicks);
    if (!groups) return Fail(groups.error());
    for (const auto& key : keys) {
        auto at = groups->find(key);
        if (at != groups->end() && SpeaksFor(kind, at->second)) Take(at->second, plan);
    }
    if (!dry_run_) plan.counts[read] += Unseen(plan.writes, page);
    return plan;
}

// Conversions of later pages that go now, or come back with another `_id`: no page will show them.
int64_t AdoptionPlanner::Unseen(const PageWrites& writes, const Rows& page) {
    const std::set<std::string> shown(page.begin(), page.end());
    int64_t unseen = 0;
    for (const auto& gone : writes.deletes) unseen += !shown.contains(gone.before);
    for (const auto& aside : writes.asides) {
        unseen += !aside.made.empty() && !shown.contains(aside.document);
    }
    return unseen;
}

// Every key is planned once: at its first conversion, else its first postback, else its first ftd.
// A conversion that this run wrote is known by its `rev`; a dry run writes none and remembers it.
bool AdoptionPlanner::SpeaksFor(SeedKind kind, const SeedGroup& group) {
    const auto& conversions = group.conversions;
    if (kind != SeedKind::kConversion && !conversions.empty()) return false;
    if (conversions.size() == 1 && store::RevIn(conversions.front()) > 0) return false;
    if (!dry_run_) return true;
    if (kind == SeedKind::kFtd && !group.postbacks.empty()) return false;
    if (conversions.size() + group.postbacks.size() + group.ftds.size() == 1) return true;
    return met_.insert(group.key).second;
}

void AdoptionPlanner::Take(const SeedGroup& group, PagePlan& to) const {
    auto plan = PlanKey(group, rules_);
    if (plan.counted) {
        // Its page did so, and cannot show it again where its `_id` is another one by now.
        to.counts[kConversionsRead] -= static_cast<int64_t>(plan.merged.size());
    } else {
        Add(to.counts, plan.counts);
    }
    const std::string into = plan.document ? plan.document->id.Hex() : "";
    std::map<std::string, std::vector<AdoptDifference>> differences;
    for (auto& difference : plan.differences) {
        differences[difference.where].push_back(std::move(difference));
    }
    for (const auto& row : plan.merged) {
        Aside aside{.where = WhereOf(kConversions, row), .reason = "merged"};
        aside.key = group.key;
        aside.into = into;
        aside.differences = std::move(differences[aside.where]);
        aside.document = row;
        differences.erase(aside.where);
        to.writes.asides.push_back(std::move(aside));
        to.writes.deletes.push_back({kConversions, row});
    }
    for (auto& [where, list] : differences) {
        Aside aside{.where = where, .reason = "differs"};
        aside.key = group.key;
        aside.into = into;
        aside.differences = std::move(list);
        to.writes.asides.push_back(std::move(aside));
    }
    if (!plan.insert.empty() && plan.before) {
        Aside aside{.where = WhereOf(kConversions, *plan.before), .reason = "renewed"};
        aside.key = group.key;
        aside.into = into;
        aside.document = *plan.before;
        aside.made = std::move(plan.insert);
        to.writes.asides.push_back(std::move(aside));
    } else if (!plan.insert.empty()) {
        to.writes.inserts.push_back({kConversions, std::move(plan.insert)});
    }
    if (!plan.update.empty()) {
        to.writes.updates.push_back({kConversions, *plan.before, std::move(plan.update)});
    }
}

Result<std::vector<domain::Conversion>> AdoptionPlanner::ConversionsOf(
    const std::set<std::string>& clicks
) {
    std::vector<domain::Conversion> conversions;
    if (dry_run_) {  // as they would stand
        auto groups = rows_.AllOf(clicks);
        if (!groups) return Fail(groups.error());
        for (const auto& [key, group] : *groups) {
            auto plan = PlanKey(group, rules_);
            if (plan.document) conversions.push_back(std::move(*plan.document));
        }
        return conversions;
    }
    auto rows = rows_.Of(kConversions, clicks);
    if (!rows) return Fail(rows.error());
    for (const auto& row : *rows) {
        auto conversion = domain::DecodeConversion(row);
        if (conversion) conversions.push_back(std::move(*conversion));
    }
    return conversions;
}

Result<PagePlan> AdoptionPlanner::PlanContacts(const Rows& page) {
    PagePlan plan;
    struct One {
        ContactFacts facts;
        std::set<std::string> clicks;
    };
    std::vector<One> all(page.size());
    std::set<std::string> clicks;
    for (size_t i = 0; i < page.size(); ++i) {
        const domain::TopFields fields(page[i]);
        for (const char* name : {"sub1", "click_id"}) {
            const auto* at = fields.Find(name);
            auto id = at ? SeedId(*at) : Result<std::string>();
            if (id && !id->empty()) all[i].clicks.insert(*id);
        }
        if (all[i].clicks.empty()) {
            auto found = rows_.ClickOf(page[i]);
            all[i].facts.click = found.click;
            all[i].facts.hash = found.hash;
            if (!found.click.empty()) all[i].clicks = {found.click, found.hash};
        }
        all[i].facts.oldest_of_email = rows_.IsOldest(page[i]);
        clicks.insert(all[i].clicks.begin(), all[i].clicks.end());
    }
    auto conversions = ConversionsOf(clicks);
    if (!conversions) return Fail(conversions.error());
    std::map<std::string, std::vector<const domain::Conversion*>> by_click;
    for (const auto& conversion : *conversions) {
        by_click[conversion.key.click.value].push_back(&conversion);
    }
    for (size_t i = 0; i < page.size(); ++i) {
        if (HasSubstituteId(page[i])) continue;  // it came out of another one's plan
        for (const auto& click : all[i].clicks) {
            for (const auto* found : by_click[click]) all[i].facts.conversions.push_back(*found);
        }
        auto contact = PlanContact(page[i], all[i].facts);
        ++plan.counts["contacts.read"];
        Add(plan.counts, contact.counts);
        if (!contact.update.empty()) {
            plan.writes.updates.push_back({kContacts, page[i], std::move(contact.update)});
        } else if (!contact.insert.empty()) {
            Aside aside{.where = WhereOf(kContacts, page[i]), .reason = "renewed"};
            aside.into = IdOf(contact.insert);
            aside.document = page[i];
            aside.made = std::move(contact.insert);
            plan.writes.asides.push_back(std::move(aside));
        }
    }
    return plan;
}

// They stay as they are; a password of the seed's (an unsalted hash) is never accepted.
PagePlan AdoptionPlanner::PlanAdmins(const Rows& page) const {
    PagePlan plan;
    for (const auto& row : page) {
        ++plan.counts["admins.read"];
        bool usable = domain::TopText(row, "password").value_or("").starts_with("$argon2id$");
        if (!usable) ++plan.counts["admins.without_password"];
    }
    return plan;
}

void AdoptionPlanner::Refused(const PageWrites& writes, const std::vector<size_t>& taken) {
    for (size_t position : taken) {
        const auto& update = writes.updates[position];
        if (update.collection == kContacts) rows_.NotOldest(update.before);
    }
}

}  // namespace barracuda::adopt
