// The doctor's findings about a store's content: goals, networks, keys, admins, dead deliveries.
#include <fmt/format.h>

#include <algorithm>

#include "api/built_in.h"
#include "app/doctor.h"
#include "app/secrets.h"
#include "auth/key_ring.h"
#include "auth/sessions.h"
#include "contacts/retention.h"
#include "delivery/destination.h"
#include "domain/network.h"
#include "domain/web_address.h"
#include "net/reach.h"
#include "nodes/goal_rules.h"
#include "store/index.h"

namespace barracuda::app {

namespace {

// Every document of a range, or a finding. False: the store could not be read.
bool Each(
    const Scan& scan,
    store::ScanRequest request,
    Findings& to,
    const std::function<void(const std::string&)>& visit
) {
    do {
        auto page = scan(request);
        if (!page) {
            to.Fail(
                "store", "cannot be read: " + page.error().message, "see the store's own lines"
            );
            return false;
        }
        for (const auto& document : page->documents) visit(document);
        request.cursor = page->cursor;
    } while (!request.cursor.empty());
    return true;
}

store::ScanRequest AllOf(store::Collection collection, std::string prefix = {}) {
    store::ScanRequest request;
    request.collection = collection;
    request.key_prefix = std::move(prefix);
    request.limit = 1'000;
    return request;
}

// A node that is configured otherwise does not start.
void ExamineGoals(const config::Config& config, const Scan& scan, Findings& to) {
    nodes::GoalRecord record;
    auto read = Each(
        scan,
        AllOf(store::Collection::kSettings, "goal_rules"),
        to,
        [&](const std::string& document) { record = nodes::DecodeGoalRecord(document); }
    );
    if (!read) return;
    for (const auto& goal : config.goals) {
        bool recorded = record.repeatable.contains(goal.id) || record.announced.contains(goal.id);
        if (!recorded || goal.repeatable) continue;
        return to.Fail(
            "goals",
            fmt::format(
                "{} counts several times a click in the store, once in the settings", goal.id
            ),
            fmt::format("set repeatable = true for goal {}: there is no way back", goal.id)
        );
    }
    to.Ok("goals", fmt::format("{} configured", config.goals.size()));
}

void ExamineMigration(const Scan& scan, Findings& to) {
    Each(
        scan,
        AllOf(store::Collection::kSettings, "migration"),
        to,
        [&](const std::string& document) {
            if (domain::TopText(document, "state") != "copying") return;
            to.Fail(
                "store",
                "an unfinished copy of " + domain::TopText(document, "source").value_or("another"),
                "barracuda migrate again: it goes on where it stopped"
            );
        }
    );
}

// `which`: of several APIs of one network.
void ExamineAddress(
    const std::string& about,
    const char* which,
    const std::string& url,
    const net::AddressGuard& guard,
    Findings& to
) {
    auto address = domain::ReadWebAddress(url);
    if (!address) {
        return to.Fail(
            about, "its address is no web address: " + address.error().Text(), "correct it"
        );
    }
    const std::string host = fmt::format("{}{}:{}", which, address->host, address->port);
    auto found = net::Reach(address->host, address->port, guard, std::nullopt);
    if (!found) {
        return to.Fail(
            about,
            fmt::format("{}: {}", host, found.error().message),
            "the name, or this machine's DNS"
        );
    }
    std::string allowed, refused;
    for (const auto& one : *found) {
        std::string& list = one.allowed ? allowed : refused;
        list += (list.empty() ? "" : ", ") + one.address;
    }
    if (allowed.empty()) {
        return to.Fail(
            about,
            fmt::format("{} is at {}, which deliveries may not reach", host, refused),
            "is it meant? Then network.allow_addresses"
        );
    }
    if (!refused.empty()) {
        return to.Warn(
            about,
            fmt::format("{} is also at {}, which deliveries may not reach", host, refused),
            "allow it, or take it out of DNS: an attempt that meets it fails"
        );
    }
    bool near = std::all_of(found->begin(), found->end(), [](const auto& one) {
        return one.address.starts_with("127.") || one.address.starts_with("[::1]");
    });
    if (!address->https && !near) {
        return to.Warn(
            about,
            fmt::format("{} is called without encryption, with its secret", host),
            "an https:// address"
        );
    }
    to.Ok(about, fmt::format("{} is at {}", host, allowed));
}

void ExamineSecrets(
    const config::Config& config,
    const std::string& about,
    const domain::Network& network,
    Findings& to
) {
    auto references = network.secrets;
    if (!network.private_secret.empty()) references.push_back(network.private_secret);
    for (const auto& reference : references) {
        auto secret = ReadSecret(config, reference);
        if (secret) continue;
        to.Fail(about, fmt::format("{}: {}", reference, secret.error().message), "set it");
    }
}

void ExamineNetwork(const config::Config& config, const domain::Network& network, Findings& to) {
    const std::string about = "network " + network.name.value;
    auto allowed = ParseRanges(config.network.allow_addresses);
    auto denied = ParseRanges(config.network.deny_addresses);
    if (!allowed || !denied || !ParseRanges(network.limits.allowed_addresses)) {
        return to.Fail(about, "its address ranges are no ranges", "correct them");
    }
    for (size_t at : delivery::RangesOutside(network, *allowed)) {
        to.Warn(
            about,
            fmt::format(
                "its range {} is not inside network.allow_addresses and does not count",
                network.limits.allowed_addresses[at]
            ),
            "allow it in the settings, or take it out"
        );
    }
    const auto guard = delivery::GuardFor(network, *allowed, std::move(*denied));
    bool by_template = network.kind == domain::NetworkKind::kTemplate;
    const std::string& url = by_template ? network.postback.url : network.base_url;
    const bool both = !url.empty() && !network.private_api_url.empty();
    if (!url.empty()) ExamineAddress(about, both ? "its public API " : "", url, guard, to);
    if (!network.private_api_url.empty()) {
        ExamineAddress(about, "its private API ", network.private_api_url, guard, to);
    }
    ExamineSecrets(config, about, network, to);
}

void ExamineNetworks(const config::Config& config, const Scan& scan, Findings& to) {
    std::vector<domain::Network> stored;
    bool replaced = false;
    Each(
        scan,
        AllOf(store::Collection::kSettings, "network:"),
        to,
        [&](const std::string& document) {
            auto network = domain::DecodeNetwork(document);
            if (!network) return;
            replaced |= network->name == domain::kDefaultNetwork;
            if (network->active) stored.push_back(std::move(*network));
        }
    );
    if (replaced) {
        to.Warn(
            "network default",
            "a stored network stands in place of the settings' [network]",
            "is it meant? Else DELETE /api/admin/networks/default, and the settings count again"
        );
    }
    const auto built_in = api::BuiltInOf(config);
    for (const auto& network : built_in.networks) {
        if (replaced) continue;
        if (network.base_url.empty()) {
            to.Warn(
                "network " + network.name.value,
                "network.base_url is empty: what the forms and route 6 owe it waits and dies",
                "set network.base_url and network.hash"
            );
        } else if (network.secrets.empty()) {
            to.Warn(
                "network " + network.name.value,
                "network.hash is empty",
                "set it: the network asks for it"
            );
        }
        if (!network.private_api_url.empty() && network.private_secret.empty()) {
            to.Warn(
                "network " + network.name.value,
                "network.private_api_token is empty",
                "set it: the private API asks for it"
            );
        }
        ExamineNetwork(config, network, to);
    }
    for (const auto& network : stored) ExamineNetwork(config, network, to);
}

void ExamineCallers(const config::Config& config, const Scan& scan, Findings& to) {
    int keys = 0, admins = 0, locked = 0;
    auto read =
        Each(scan, AllOf(store::Collection::kApiKeys), to, [&](const std::string& document) {
            if (!auth::DecodeKey(document).revoked) ++keys;
        });
    read =
        read && Each(scan, AllOf(store::Collection::kAdmins), to, [&](const std::string& document) {
            ++(auth::DecodeAdmin(document).CanLogIn() ? admins : locked);
        });
    if (!read) return;
    if (keys == 0 && config.auth.ingest != "open") {
        to.Warn("keys", "there is none: nobody can report", "barracuda key create");
    } else {
        to.Ok("keys", fmt::format("{} active", keys));
    }
    if (admins == 0) {
        to.Warn(
            "admins",
            locked > 0 ? fmt::format("{} without a password that is accepted", locked)
                       : std::string("there is none"),
            locked > 0 ? "barracuda admin password --email E --password-stdin"
                       : "the link that serve prints, or barracuda admin create"
        );
    } else {
        to.Ok("admins", fmt::format("{} can log in", admins));
    }
}

void ExamineDeliveries(const Scan& scan, Findings& to) {
    store::ScanRequest request;
    request.index = store::IndexId::kConversionDead;
    request.limit = 1;
    auto page = scan(request);
    if (!page || page->documents.empty()) return;
    to.Warn(
        "deliveries",
        "some were refused for good",
        "barracuda deliveries list, then barracuda deliveries retry"
    );
}

// Whether the first of these is older than it may get; a day is what a server needs at most.
bool IsOverdue(const Scan& scan, store::ScanRequest request, std::chrono::milliseconds age) {
    constexpr std::chrono::milliseconds kGrace = std::chrono::hours(24);
    request.to = Time{Time::Now().ms - (age + kGrace).count()};
    request.limit = 1;
    if (request.from && *request.from >= *request.to) return false;
    auto page = scan(request);
    return page && !page->documents.empty();
}

void ExamineRetention(const config::Config& config, const Scan& scan, Findings& to) {
    constexpr const char* kTodo = "let a server run; its log says why it falls behind";
    const auto &contacts = config.retention.contacts_max_age,
               &visitors = config.retention.conversions_personal_max_age;
    if (contacts.count() == 0 && visitors.count() == 0) return;
    contacts::RetentionState state;
    auto read = Each(
        scan,
        AllOf(store::Collection::kSettings, contacts::kRetention),
        to,
        [&](const std::string& document) { state = contacts::DecodeRetentionState(document); }
    );
    if (!read) return;
    store::ScanRequest of_contacts, of_conversions;
    of_contacts.collection = store::Collection::kContacts;
    of_contacts.index = store::IndexId::kContactCreated;
    of_conversions.index = store::IndexId::kConversionCreated;
    of_conversions.from = Time{state.created.ms + 1};
    if (contacts.count() > 0 && IsOverdue(scan, of_contacts, contacts)) {
        to.Warn("retention", "contacts are older than retention.contacts_max_age", kTodo);
    } else if (visitors.count() > 0 && IsOverdue(scan, of_conversions, visitors)) {
        constexpr const char* kLate =
            "conversions older than retention.conversions_personal_max_age still say their visitor";
        to.Warn("retention", kLate, kTodo);
    } else {
        to.Ok("retention", "what is older than the settings allow is erased");
    }
}

}  // namespace

void ExamineContent(const config::Config& config, const Scan& scan, Findings& to) {
    ExamineMigration(scan, to);
    ExamineGoals(config, scan, to);
    ExamineNetworks(config, scan, to);
    ExamineCallers(config, scan, to);
    ExamineDeliveries(scan, to);
    ExamineRetention(config, scan, to);
}

}  // namespace barracuda::app
