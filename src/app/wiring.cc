#include "app/wiring.h"

#include <algorithm>
#include <random>
#include <utility>

#include "api/built_in.h"
#include "app/log.h"
#include "app/secrets.h"

namespace barracuda::app {

namespace {

// Attempts at a time over all destinations.
size_t AttemptsMax(const config::Config& config) {
    return std::max<size_t>(256, 2 * static_cast<size_t>(config.delivery.concurrency));
}

// For one thread each.
std::function<double()> Jitter() {
    return [engine = std::mt19937_64(std::random_device{}())]() mutable {
        return std::uniform_real_distribution<double>(0, 1)(engine);
    };
}

void StopGone(
    ledger::Ledger& ledger,
    delivery::Destinations& destinations,
    delivery::CatalogStore& catalog,
    const std::string& name
) {
    if (!destinations.RulesOf(name).stopped.empty()) return;  // a late answer of the same
    const delivery::Stop stop{name, "it answered 410 (gone)", Time::Now()};
    destinations.StopHere(name, stop.why);
    Log(Level::kError,
        "a network is stopped until an operator resumes it",
        {{"network", name}, {"why", stop.why}});
    delivery::KeepStop(
        ledger,
        stop,
        [&destinations, &catalog, name](Result<ledger::EditState> kept) {
            if (kept) {
                return catalog.ReloadThen([&destinations, name](bool read) {
                    if (read) destinations.StopKept(name);
                });
            }
            Log(Level::kWarning,
                "the stop holds until the next restart only",
                {{"network", name}, {"why", kept.error().message}});
        }
    );
}

// Once when it begins, at a start too: what is edited in the settings changes nothing meanwhile.
void NoteReplaced(const domain::Catalog& catalog, bool& replaced) {
    const bool before =
        std::exchange(replaced, catalog.FindNetwork(domain::kDefaultNetwork)->meta.rev > 0);
    if (before || !replaced) return;
    Log(Level::kWarning,
        "a stored network stands in place of the settings' [network]",
        {{"network", std::string(domain::kDefaultNetwork)}});
}

void TakeGoals(const domain::Catalog& catalog, delivery::FlowOptions& options) {
    const auto& registration = catalog.GoalOfType(domain::GoalType::kRegistration);
    options.registration_goal = registration.id;
    options.then_goal = registration.then;
    if (const auto* then = catalog.FindGoal(registration.then)) options.then_type = then->type;
    options.then_amount = registration.then_amount;
    options.then_delivered = registration.then_when_delivered;
}

}  // namespace

Result<net::ClientOptions> ClientOptionsOf(const config::Config& config) {
    net::ClientOptions options;
    auto allowed = ParseRanges(config.network.allow_addresses);
    if (!allowed) return Fail(allowed.error());
    options.allowed = std::move(*allowed);
    // The dispatcher bounds the attempts, the flows their clicks; a call that waited here would
    // wait unseen.
    const size_t calls_max = AttemptsMax(config) + delivery::FlowRunner::kAcquiresMax;
    options.connections_per_host_max = static_cast<long>(calls_max);
    options.connections_max = static_cast<long>(calls_max);
    return options;
}

delivery::NetworkSettings NetworkSettingsOf(const config::Config& config) {
    return {
        .base_url = config.network.base_url,
        .hash = config.network.hash,
        .private_api_url = config.network.private_api_url,
        .private_api_token = config.network.private_api_token,
        .delivery_parameter = config.network.delivery_parameter,
        .attempt_timeout = config.delivery.attempt_timeout,
    };
}

delivery::DestinationOptions DestinationOptionsOf(
    const config::Config& config, const net::ClientOptions& client
) {
    delivery::DestinationOptions options;
    options.attempt_timeout = config.delivery.attempt_timeout;
    options.concurrency = static_cast<size_t>(config.delivery.concurrency);
    options.allowed = client.allowed;
    return options;
}

delivery::CatalogOptions CatalogOptionsOf(
    const config::Config& config, delivery::Destinations& destinations
) {
    delivery::CatalogOptions options;
    options.built_in = api::BuiltInOf(config);
    options.read_secret = [&config](std::string_view reference) {
        return ReadSecret(config, reference);
    };
    options.swapped = [&destinations,
                       replaced = false](const delivery::SnapshotPtr& snapshot) mutable {
        destinations.Use(snapshot);
        NoteReplaced(*snapshot->catalog, replaced);
        for (const auto& problem : snapshot->refused) {
            Log(Level::kWarning, "a stored entity is left out", {{"why", problem.Text()}});
        }
        for (const auto& [name, secrets] : snapshot->secrets) {
            if (secrets.trouble.empty()) continue;
            Log(Level::kWarning,
                "a network lacks a secret",
                {{"network", name}, {"why", secrets.trouble}});
        }
    };
    return options;
}

delivery::DispatcherOptions DispatcherOptionsOf(
    const config::Config& config,
    Nodes& nodes,
    delivery::Destinations& destinations,
    delivery::CatalogStore& catalog,
    Logs& logs,
    DeliveryEvents& events
) {
    delivery::DispatcherOptions options;
    options.ownership = &nodes.membership();
    options.send =
        [&destinations](const auto& delivery, const auto& parameters, auto done, auto may_send) {
            destinations.Send(delivery, parameters, std::move(done), std::move(may_send));
        };
    options.complete = [&destinations](domain::Outcome& outcome, const std::string& destination) {
        destinations.Complete(outcome, destination);
    };
    options.attempts_max = AttemptsMax(config);
    options.rules = [&destinations](const std::string& queue) {
        return destinations.RulesOf(std::string(delivery::NetworkOfQueue(queue)));
    };
    options.stop = [&](ledger::Ledger& ledger, const std::string& name) {
        StopGone(ledger, destinations, catalog, name);
    };
    options.schedule = delivery::RetrySchedule(config.delivery.retry_schedule);
    options.random = Jitter();
    options.on_attempt = [&events, log = logs.attempts.get()](delivery::AttemptRecord record) {
        events.Ended(record);
        if (log) log->Put(std::move(record));
    };
    return options;
}

delivery::FlowOptions FlowOptionsOf(
    const config::Config& config, Nodes& nodes, delivery::CatalogStore& catalog
) {
    delivery::FlowOptions options;
    options.ownership = &nodes.membership();
    options.shared_contacts = !nodes.alone();
    options.rules = &nodes.goals();
    options.refresh = [&catalog](delivery::FlowOptions& to) { TakeGoals(*catalog.catalog(), to); };
    options.asks = [&catalog](std::string_view goal) { return catalog.catalog()->AsksFor(goal); };
    options.stopped = [&catalog] {
        const auto snapshot = catalog.snapshot();
        const auto at = snapshot->stops.find(domain::kDefaultNetwork);
        return at == snapshot->stops.end() ? std::string() : at->second.why;
    };
    options.offer = config.network.offer;
    options.url_id = config.network.url_id;
    options.inline_wait = config.delivery.inline_wait;
    options.schedule = delivery::RetrySchedule(config.delivery.retry_schedule);
    options.random = Jitter();
    return options;
}

}  // namespace barracuda::app
