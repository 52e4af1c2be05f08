#include "app/serve.h"

#include <signal.h>
#include <sys/prctl.h>

#include "api/health.h"
#include "app/announce.h"
#include "app/leftovers.h"
#include "app/log.h"
#include "app/open_store.h"
#include "app/program.h"
#include "app/service_manager.h"
#include "app/stop_signals.h"
#include "app/store_watch.h"
#include "app/waiting_room.h"
#include "app/wiring.h"

namespace barracuda::app {

namespace {

constexpr std::chrono::milliseconds kLookEvery{500};
constexpr std::chrono::minutes kTidyEvery{10};

DescriptorPlan TakeDescriptors(const config::Config& config) {
    const auto plan = PlanDescriptors(RaiseDescriptorLimit(), config);
    if (!plan.enough()) {
        Log(Level::kWarning,
            "fewer open files than the settings ask for",
            {{"why", plan.Shortage(config)}});
    }
    return plan;
}

// From the start to the signal. True: stopped in good order, or a signal came while it waited.
Result<bool> Run(
    const config::Config& config,
    const std::string& program,
    bool accept_loss,
    Result<HeldSockets> held
) {
    if (!held) return Fail(held.error());
    FaultLog faults(Log);
    auto site = site::Site::Open(config);
    if (!site) return Fail(site.error());
    const DescriptorPlan plan = TakeDescriptors(config);
    auto engine = OpenStore(
        config, {.create = true, .accept_loss = accept_loss, .build_beside = true}, faults
    );
    if (!engine) return Fail(engine.error());
    if (const auto loss = (*engine)->Accepted(); loss.times > 0) Log(Level::kWarning, loss.Text());
    ListenRoom listen = ListenRoomOf(plan, faults);
    listen.held = &*held;
    WaitingRoom room(config, listen, **engine);
    auto usable = room.Wait();
    if (!usable || !*usable) return usable;
    SayWhichDatabase(**engine, config);

    auto client_options = ClientOptionsOf(config, plan, faults);
    if (!client_options) return Fail(client_options.error());
    Program running(config, plan, *client_options, faults, *site, **engine);
    if (auto loaded = running.Load(); !loaded) return loaded;
    auto listeners = room.TakeListeners();
    if (!listeners) return Fail(listeners.error());
    if (auto begun = running.Start(std::move(*listeners)); !begun) return begun;
    Announce(config, program, running.port(), running.place(), running.admin());
    TellReady("serving");

    StoreWatch store_watch([&running] { return api::TroubleOf(running.service().vitals()); }, Log);
    auto tidy = std::chrono::steady_clock::now();
    while (!StopWithin(kLookEvery)) {
        const auto now = std::chrono::steady_clock::now();
        if (now >= tidy) {
            RemoveLeftovers(config.store.data, Time::Now());
            tidy = now + kTidyEvery;
        }
        store_watch.Look(now);
        running.Look(now);
    }
    TellStopping();
    running.Stop();
    return true;
}

}  // namespace

int Serve(const config::Config& config, const std::string& program, bool accept_loss) {
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_DUMPABLE, 0);  // keys, tokens and persons are in memory: no core, no ptrace
    BlockStopSignals();
    auto held = HeldSockets::Take();  // before there is a second thread: it changes the environment
    StartLogThread();
    auto done = Run(config, program, accept_loss, std::move(held));
    if (done) {
        Log(Level::kInfo, "stopped");
    } else {
        WriteLog("barracuda: " + done.error().message + "\n");
    }
    FlushLog();
    return done ? 0 : 2;
}

}  // namespace barracuda::app
