#include "app/serve.h"

#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "api/admin_auth.h"
#include "api/health.h"
#include "api/query_pool.h"
#include "api/router.h"
#include "api/service.h"
#include "app/control.h"
#include "app/first_steps.h"
#include "app/listen.h"
#include "app/log.h"
#include "app/migrate.h"
#include "app/nodes.h"
#include "app/open_logs.h"
#include "app/open_store.h"
#include "app/operations.h"
#include "app/request_log.h"
#include "app/setup_link.h"
#include "app/stop_signals.h"
#include "app/store_watch.h"
#include "app/waiting_room.h"
#include "app/wiring.h"
#include "delivery/catalog_store.h"
#include "delivery/destination.h"
#include "delivery/flow.h"
#include "delivery/replay_jobs.h"

namespace barracuda::app {

namespace {

constexpr unsigned kQueryThreads = 2;
constexpr size_t kQueryQueue = 256;
constexpr std::chrono::milliseconds kLookEvery{500};
constexpr std::chrono::milliseconds kFollowLast{1'000};  // of the 9.5 s that a stop has

std::string Control(Workplace& place, std::string_view line) {
    auto ask = DecodeAsk(line);
    if (!ask) return Encode(Answer{1, {}, ask.error().message});
    Answer answer = Execute(place, *ask);
    if (ask->command != "ping") {  // every command asks that first
        const auto exit = std::to_string(answer.exit);
        Log(Level::kInfo, "command", {{"name", ask->command}, {"exit", exit}});
    }
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
        std::error_code ec;
        to.setup_file =
            std::filesystem::absolute(SetupLinkPath(config.store.data), ec).lexically_normal();
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
        {{"version", BARRACUDA_VERSION},
         {"host", config.server.listen_host},
         {"port", std::to_string(port)},
         {"ops_listen", config.server.ops_listen},
         {"store", PlaceOf(config)},
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
    DeliveryEvents events(Log);
    delivery::Dispatcher dispatcher(
        **engine,
        client,
        network,
        DispatcherOptionsOf(config, nodes, destinations, catalog, logs, events)
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
    api::AdminAuth admin;  // before the ledger, which calls back into it until it has stopped
    ledger::Ledger ledger(
        **engine,
        {.node = nodes.membership().node(), .queue_max = config.limits.queue},
        std::move(hooks)
    );
    if (auto joined = nodes.Join(ledger); !joined) return Fail(joined.error());
    delivery::ReplayOptions replay_options;
    replay_options.is_dead = [&nodes](const auto& node) { return nodes.membership().IsGone(node); };
    replay_options.ended = [&dispatcher](const auto& delivery) { dispatcher.Drop(delivery); };
    delivery::ReplayJobs replays(**engine, ledger, replay_options);
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
        .version = BARRACUDA_VERSION,
    };
    std::unique_ptr<RequestLog> requests;
    if (config.log.requests) {
        requests = std::make_unique<RequestLog>(LogsJson(), WriteLog);
        service.answered = [&requests](const auto& record) { requests->Add(record); };
    }
    Workplace place{
        **engine, ledger, keys, admin.admins(), admin.sessions(), true, &config, kFlagsTrail};
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

    StoreWatch store_watch([&service] { return api::TroubleOf(service); }, Log);
    while (!StopWithin(kLookEvery)) {
        const auto now = std::chrono::steady_clock::now();
        store_watch.Look(now);
        events.Look(dispatcher.destinations(), now);
    }
    // First: an attempt that began while the listeners drain could not end in time.
    dispatcher.StopBeginning();
    flows.StopBeginning();
    listeners->Stop();
    (*control)->Stop();
    queries.reset();
    replays.Stop();
    nodes.StopReading();
    flows.Stop();
    dispatcher.Stop();
    events.Finish();
    flows.FollowLast(kFollowLast);
    nodes.Leave();
    ledger.Stop();
    catalog.Stop();
    return true;
}

}  // namespace

int Serve(const config::Config& config, const std::string& program) {
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);  // a limit on files is a disk that is full: a write that fails
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
