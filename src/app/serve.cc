#include "app/serve.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <random>
#include <thread>

#include "api/admin_auth.h"
#include "api/built_in.h"
#include "api/query_pool.h"
#include "api/router.h"
#include "api/service.h"
#include "app/control.h"
#include "app/first_steps.h"
#include "app/listen.h"
#include "app/log.h"
#include "app/nodes.h"
#include "app/open_logs.h"
#include "app/open_store.h"
#include "app/operations.h"
#include "app/request_log.h"
#include "app/secrets.h"
#include "app/setup_link.h"
#include "app/stop_signals.h"
#include "app/waiting_room.h"
#include "delivery/catalog_store.h"
#include "delivery/destination.h"
#include "delivery/flow.h"
#include "delivery/replay_jobs.h"

namespace barracuda::app {

namespace {

constexpr unsigned kQueryThreads = 2;
constexpr size_t kQueryQueue = 256;

// Attempts at a time over all destinations.
size_t AttemptsMax(const config::Config& config) {
    return std::max<size_t>(256, 2 * static_cast<size_t>(config.delivery.concurrency));
}

Result<net::ClientOptions> ClientOptionsOf(const config::Config& config) {
    net::ClientOptions options;
    auto allowed = ParseRanges(config.network.allow_addresses);
    if (!allowed) return Fail(allowed.error());
    options.allowed = std::move(*allowed);
    // The dispatcher bounds the attempts; a call that waited here would wait unseen.
    options.connections_per_host_max = static_cast<long>(AttemptsMax(config));
    options.connections_max = static_cast<long>(AttemptsMax(config));
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

// For one thread each.
std::function<double()> Jitter() {
    return [engine = std::mt19937_64(std::random_device{}())]() mutable {
        return std::uniform_real_distribution<double>(0, 1)(engine);
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
    options.swapped = [&destinations](const delivery::SnapshotPtr& snapshot) {
        destinations.Use(snapshot);
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

void StopGone(
    ledger::Ledger& ledger, delivery::Destinations& destinations, const std::string& name
) {
    if (!destinations.RulesOf(name).stopped.empty()) return;  // a late answer of the same
    const delivery::Stop stop{name, "it answered 410 (gone)", Time::Now()};
    destinations.StopHere(name, stop.why);
    Log(Level::kError,
        "a network is stopped until an operator resumes it",
        {{"network", name}, {"why", stop.why}});
    delivery::KeepStop(ledger, stop, [name](Result<ledger::EditState> kept) {
        if (kept) return;
        Log(Level::kWarning,
            "the stop holds until the next restart only",
            {{"network", name}, {"why", kept.error().message}});
    });
}

delivery::DispatcherOptions DispatcherOptionsOf(
    const config::Config& config, Nodes& nodes, delivery::Destinations& destinations, Logs& logs
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
    options.rules = [&destinations](const std::string& name) { return destinations.RulesOf(name); };
    options.stop = [&destinations](ledger::Ledger& ledger, const std::string& name) {
        StopGone(ledger, destinations, name);
    };
    options.schedule = delivery::RetrySchedule(config.delivery.retry_schedule);
    options.random = Jitter();
    if (logs.attempts) {
        options.on_attempt = [&log = *logs.attempts](delivery::AttemptRecord record) {
            log.Put(std::move(record));
        };
    }
    return options;
}

void TakeGoals(const domain::Catalog& catalog, delivery::FlowOptions& options) {
    const auto& registration = catalog.GoalOfType(domain::GoalType::kRegistration);
    options.registration_goal = registration.id;
    options.then_goal = registration.then;
    if (const auto* then = catalog.FindGoal(registration.then)) options.then_type = then->type;
    options.then_amount = registration.then_amount;
    options.then_delivered = registration.then_when_delivered;
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
    options.offer = config.network.offer;
    options.url_id = config.network.url_id;
    options.inline_wait = config.delivery.inline_wait;
    options.schedule = delivery::RetrySchedule(config.delivery.retry_schedule);
    options.random = Jitter();
    return options;
}

std::string Control(Workplace& place, std::string_view line) {
    auto ask = DecodeAsk(line);
    if (!ask) return Encode(Answer{1, {}, ask.error().message});
    Answer answer = Execute(place, *ask);
    Log(Level::kInfo, "command", {{"name", ask->command}, {"exit", std::to_string(answer.exit)}});
    return Encode(answer);
}

// Where a person reads along, and secrets may be shown: nullptr when nowhere.
FILE* Terminal() {
    if (isatty(STDOUT_FILENO)) return stdout;
    return isatty(STDERR_FILENO) ? stderr : nullptr;
}

// With nobody reading along the link goes into a file; the log names the file only.
void LeaveSetupLink(
    const config::Config& config, const std::string& link, bool terminal, Beginning& to
) {
    if (terminal) {
        to.setup_link = link;
    } else if (auto written = WriteSetupLink(config.store.data, link)) {
        to.setup_file = SetupLinkPath(config.store.data);
        Log(Level::kInfo, "no admin yet: a file holds a one-time link", {{"file", to.setup_file}});
    } else {
        Log(Level::kWarning, written.error().message);
    }
}

// On a fresh data directory somebody at a terminal gets a key to begin with.
std::string FirstKey(Workplace& place, const config::Config& config) {
    if (config.auth.ingest == "open" || !place.keys.List().empty()) return {};
    auto made = Execute(place, {.command = "key.create", .name = "first", .scope = "ingest"});
    if (made.exit != 0) Log(Level::kWarning, "no first key was made: " + made.note);
    return made.out.substr(0, made.out.find('\n'));
}

void Announce(
    const config::Config& config,
    const std::string& program,
    uint16_t port,
    Workplace& place,
    api::AdminAuth& admin
) {
    FILE* terminal = Terminal();
    Beginning from{.address = AddressOf(config, port), .program = program};
    from.any_keys = !place.keys.List().empty();
    if (admin.admins().empty()) {
        auto link = SetupLink(from.address, admin.NewSetupToken());
        LeaveSetupLink(config, link, terminal != nullptr, from);
    }
    if (terminal) from.key = FirstKey(place, config);
    const std::string text = FirstSteps(config, from);
    FILE* out = terminal ? terminal : stdout;
    std::fputs(text.c_str(), out);
    std::fflush(out);
    Log(Level::kInfo,
        "listening",
        {{"host", config.server.listen_host},
         {"port", std::to_string(port)},
         {"data", config.store.data}});
    bool local = config.server.listen_host == "127.0.0.1" || config.server.listen_host == "::1";
    if (config.auth.ingest == "open" && !local) {
        Log(Level::kWarning, "auth.ingest is open: whoever reaches this address may write");
    }
}

// Parts are made from the store upwards and stopped from the server downwards. Each is declared
// after what it uses, so that a failed start unwinds in the right order by itself.
Result<bool> Run(const config::Config& config, const std::string& program) {
    auto engine = OpenStore(config, true);
    if (!engine) return Fail(engine.error());
    WaitingRoom room(config, **engine);
    auto usable = room.Wait();
    if (!usable || !*usable) return usable;
    Logs logs = OpenLogs(config);
    api::KeyRing keys;
    if (auto loaded = keys.LoadFrom(**engine); !loaded) return Fail(loaded.error());
    Nodes nodes(**engine, config);

    auto client_options = ClientOptionsOf(config);
    if (!client_options) return Fail(client_options.error());
    net::Client client(*client_options);
    delivery::Network network(client, NetworkSettingsOf(config));
    delivery::Destinations destinations(
        client, network, DestinationOptionsOf(config, *client_options)
    );
    delivery::CatalogStore catalog(**engine, CatalogOptionsOf(config, destinations));
    if (auto loaded = catalog.Load(); !loaded) return Fail(loaded.error());
    delivery::Dispatcher dispatcher(
        **engine, client, network, DispatcherOptionsOf(config, nodes, destinations, logs)
    );
    delivery::FlowRunner flows(
        **engine, network, dispatcher, FlowOptionsOf(config, nodes, catalog)
    );

    std::unique_ptr<Listeners> listeners;
    ledger::Hooks hooks;
    hooks.post = [&listeners](unsigned io_thread, std::function<void()> work) {
        listeners->Post(io_thread, std::move(work));
    };
    hooks.owed = [&dispatcher](const auto& conversion, const auto& ids) {
        dispatcher.Owe(conversion, ids);
    };
    hooks.written = [&flows](const auto& conversion) { flows.Written(conversion); };
    hooks.refuse = [&nodes](const auto& report) { return nodes.goals().Refuse(report); };
    ledger::Ledger ledger(
        **engine,
        {.node = nodes.membership().node(), .queue_max = config.limits.queue},
        std::move(hooks)
    );
    if (auto joined = nodes.Join(ledger); !joined) return Fail(joined.error());
    delivery::ReplayJobs replays(**engine, ledger, {});
    api::AdminAuth admin;
    if (auto loaded = admin.LoadFrom(**engine); !loaded) return Fail(loaded.error());
    RemoveSetupLink(config.store.data);
    admin.admins().OnCreated([&config] { RemoveSetupLink(config.store.data); });

    auto queries = std::make_unique<api::QueryPool>(kQueryThreads, kQueryQueue);
    api::Service service{
        .config = config,
        .engine = **engine,
        .ledger = ledger,
        .dispatcher = dispatcher,
        .keys = keys,
        .queries = *queries,
        .proxies = api::TrustedProxies(config.server.trusted_proxies),
        .forms = api::RateLimit({.per_minute = config.limits.forms_per_minute}),
        .admin = &admin,
        .flows = &flows,
        .nodes = &nodes.membership(),
        .goals = &nodes.goals(),
        .shared = nodes.shared(),
        .catalog = &catalog,
        .destinations = &destinations,
        .replays = &replays,
        .logs = logs.store.get(),
        .received = logs.received.get(),
        .attempts = logs.attempts.get(),
    };
    std::unique_ptr<RequestLog> requests;
    if (config.log.requests) {
        requests = std::make_unique<RequestLog>(LogsJson(), WriteLog);
        service.answered = [&requests](const auto& record) { requests->Add(record); };
    }
    Workplace place{**engine, ledger, keys, admin.admins(), admin.sessions(), true};
    auto control = ControlServer::Start(config.store.data, [&place](std::string_view line) {
        return Control(place, line);
    });
    if (!control) return Fail(control.error());

    auto opened = room.TakeListeners();
    if (!opened) return Fail(opened.error());
    listeners = std::move(*opened);
    catalog.Start();
    dispatcher.Start(ledger);
    flows.Start(ledger);
    nodes.Start(keys, admin);
    replays.Start();
    listeners->Lead([&service](http::Request&& request, http::Respond respond) {
        api::Handle(service, std::move(request), std::move(respond));
    });
    Announce(config, program, listeners->port(), place, admin);

    WaitForStop();
    listeners->Stop();
    (*control)->Stop();
    queries.reset();
    replays.Stop();
    nodes.StopReading();
    flows.Stop();
    dispatcher.Stop();
    nodes.Leave();
    ledger.Stop();
    catalog.Stop();
    return true;
}

}  // namespace

int Serve(const config::Config& config, const std::string& program) {
    signal(SIGPIPE, SIG_IGN);
    BlockStopSignals();
    auto done = Run(config, program);
    if (!done) {
        std::fprintf(stderr, "barracuda: %s\n", done.error().message.c_str());
        return 2;
    }
    Log(Level::kInfo, "stopped");
    return 0;
}

}  // namespace barracuda::app
