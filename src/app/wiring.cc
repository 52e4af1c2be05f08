#include "app/wiring.h"

#include <algorithm>
#include <random>
#include <utility>

#include "api/built_in.h"
#include "api/event_json.h"
#include "app/log.h"
#include "app/secrets.h"

namespace barracuda::app {

namespace {

// Attempts at a time over all destinations; the flows' clicks have the rest of the calls.
size_t AttemptsMax(const DescriptorPlan& plan) {
    return plan.calls - std::min(contacts::FlowRunner::kAcquiresMax, plan.calls / 4);
}

// For one thread each.
std::function<double()> Jitter() {
    return [engine = std::mt19937_64(std::random_device{}())]() mutable {
        return std::uniform_real_distribution<double>(0, 1)(engine);
    };
}

// The stop holds at once; the store's word follows when it is read again.
void KeepGone(
    ledger::Ledger& ledger,
    delivery::Destinations& destinations,
    delivery::CatalogStore& catalog,
    const delivery::Stop& stop
) {
    Log(Level::kError,
        "a network is stopped until an operator resumes it",
        {{"network", stop.network.value}, {"why", stop.why}});
    delivery::KeepStop(
        ledger,
        stop,
        [&destinations, &catalog, name = stop.network](Result<ledger::EditState> kept) {
            if (kept) {
                return catalog.ReloadThen([&destinations, name](bool read) {
                    if (read) destinations.StopKept(name);
                });
            }
            Log(Level::kWarning,
                "the stop holds until the next restart only",
                {{"network", name.value}, {"why", kept.error().message}});
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
        {{"network", domain::kDefaultNetwork.value}});
}

// A network that an earlier version let open ranges of its own says so until somebody allows them.
void NoteRangesOutside(const domain::Catalog& catalog, const std::vector<Cidr>& allowed) {
    for (const auto& [name, network] : catalog.networks()) {
        for (size_t at : delivery::RangesOutside(network, allowed)) {
            Log(Level::kWarning,
                "a network's range does not count: it is not inside network.allow_addresses",
                {{"network", name.value}, {"range", network.limits.allowed_addresses[at]}});
        }
    }
}

contacts::FlowGoals FlowGoalsOf(const domain::Catalog& catalog) {
    const auto& registration = catalog.GoalOfType(domain::GoalType::kRegistration);
    contacts::FlowGoals goals;
    goals.registration = registration.id;
    goals.then = registration.then;
    if (const auto* then = catalog.FindGoal(registration.then)) goals.then_type = then->type;
    goals.then_amount = registration.then_amount;
    goals.then_when_delivered = registration.then_when_delivered;
    return goals;
}

}  // namespace

Result<net::ClientOptions> ClientOptionsOf(
    const config::Config& config, const DescriptorPlan& plan, FaultSink& faults
) {
    net::ClientOptions options;
    auto allowed = ParseRanges(config.network.allow_addresses);
    if (!allowed) return Fail(allowed.error());
    options.allowed = std::move(*allowed);
    auto denied = ParseRanges(config.network.deny_addresses);
    if (!denied) return Fail(denied.error());
    options.denied = std::move(*denied);
    // The dispatcher bounds the attempts, the flows their clicks; a call that waited here would
    // wait unseen.
    options.connections_per_host_max = static_cast<long>(plan.calls);
    options.connections_max = static_cast<long>(plan.calls);
    options.faults = &faults;
    return options;
}

delivery::DestinationOptions DestinationOptionsOf(
    const config::Config& config,
    const net::ClientOptions& client,
    delivery::Destinations& destinations,
    delivery::CatalogStore& catalog
) {
    delivery::DestinationOptions options;
    options.attempt_timeout = config.delivery.attempt_timeout;
    options.concurrency = static_cast<size_t>(config.delivery.concurrency);
    options.allowed = client.allowed;
    options.denied = client.denied;
    options.keep_stop = [&](ledger::Ledger& ledger, const delivery::Stop& stop) {
        KeepGone(ledger, destinations, catalog, stop);
    };
    return options;
}

delivery::CatalogOptions CatalogOptionsOf(
    const config::Config& config, delivery::Destinations& destinations, api::EventHub& hub
) {
    delivery::CatalogOptions options;
    options.built_in = api::BuiltInOf(config);
    options.read_secret = [&config](std::string_view reference) {
        return ReadSecret(config, reference);
    };
    options.swapped = [&config, &destinations, &hub, replaced = false](
                          const delivery::SnapshotPtr& snapshot
                      ) mutable {
        destinations.Use(snapshot);
        hub.Publish(api::Topic::kNetwork, api::NetworkEventJson("", ""));
        NoteReplaced(*snapshot->catalog, replaced);
        NoteRangesOutside(*snapshot->catalog, ParseRanges(config.network.allow_addresses).value());
        for (const auto& problem : snapshot->refused) {
            Log(Level::kWarning, "a stored entity is left out", {{"why", problem.Text()}});
        }
        for (const auto& [name, secrets] : snapshot->secrets) {
            if (secrets.trouble.empty()) continue;
            Log(Level::kWarning,
                "a network lacks a secret",
                {{"network", name.value}, {"why", secrets.trouble}});
        }
    };
    return options;
}

delivery::DispatcherOptions DispatcherOptionsOf(
    const config::Config& config,
    const DescriptorPlan& plan,
    Nodes& nodes,
    Logs& logs,
    DeliveryEvents& events,
    api::EventHub& hub
) {
    delivery::DispatcherOptions options;
    options.ownership = &nodes.membership();
    options.attempts_max = AttemptsMax(plan);
    options.schedule = delivery::RetrySchedule(config.delivery.retry_schedule);
    options.random = Jitter();
    options.on_attempt = [&events, &hub, log = logs.attempts.get()](delivery::AttemptRecord record
                         ) {
        events.Ended(record);
        if (hub.Wanted()) hub.Publish(api::Topic::kDelivery, api::EventJson(record));
        if (log) log->Put(std::move(record));
    };
    return options;
}

contacts::FlowOptions FlowOptionsOf(
    const config::Config& config, Nodes& nodes, delivery::CatalogStore& catalog
) {
    contacts::FlowOptions options;
    options.ownership = &nodes.membership();
    options.shared_contacts = !nodes.alone();
    options.rules = &nodes.goals();
    options.goals = [&catalog] { return FlowGoalsOf(*catalog.catalog()); };
    options.asks = [&catalog](std::string_view goal) { return catalog.catalog()->AsksFor(goal); };
    options.stopped = [&catalog] {
        const auto snapshot = catalog.snapshot();
        const auto at = snapshot->stops.find(domain::kDefaultNetwork);
        return at == snapshot->stops.end() ? std::string() : at->second.why;
    };
    options.offer = config.network.offer.value;
    options.url_id = config.network.url_id;
    options.inline_wait = config.delivery.inline_wait;
    options.schedule = delivery::RetrySchedule(config.delivery.retry_schedule);
    options.random = Jitter();
    return options;
}

ListenRoom ListenRoomOf(const DescriptorPlan& plan, FaultSink& faults) {
    return {
        .connections = plan.connections,
        .refused = plan.refused,
        .operators = plan.operators,
        .faults = &faults};
}

ledger::Hooks LedgerHooksOf(
    Nodes& nodes,
    delivery::Dispatcher& dispatcher,
    contacts::FlowRunner& flows,
    std::unique_ptr<Listeners>& listeners,
    api::EventHub& hub
) {
    ledger::Hooks hooks;
    hooks.post = [&listeners](unsigned io_thread, std::function<void()> work) {
        listeners->Post(io_thread, std::move(work));
    };
    hooks.owed = [&dispatcher](const auto& conversion, const auto& ids) {
        dispatcher.Owe(conversion, ids);
    };
    hooks.written = [&flows, &hub](const auto& conversion) {
        flows.Written(conversion);
        if (hub.Wanted()) hub.Publish(api::Topic::kConversion, api::EventJson(conversion));
    };
    hooks.unsure = [&nodes](const auto& ref) { nodes.goals().Unsure(ref); };
    hooks.refuse = [&nodes](const auto& report) { return nodes.goals().Refuse(report); };
    return hooks;
}

delivery::ReplayOptions ReplayOptionsOf(
    Nodes& nodes,
    delivery::Dispatcher& dispatcher,
    delivery::CatalogStore& catalog,
    api::EventHub& hub
) {
    delivery::ReplayOptions options;
    options.is_dead = [&nodes](const auto& node) { return nodes.membership().IsGone(node); };
    options.ended = [&dispatcher](const auto& delivery) { dispatcher.Drop(delivery); };
    options.moved = [&hub](const auto& job) {
        if (hub.Wanted()) hub.Publish(api::Topic::kJob, api::EventJson(job));
    };
    options.asks = [&catalog](std::string_view goal) { return catalog.catalog()->AsksFor(goal); };
    return options;
}

}  // namespace barracuda::app
