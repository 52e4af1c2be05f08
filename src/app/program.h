// The serving program: every part, made and joined by hand, in one place. Each part is declared
// after those it uses, so that a failed start unwinds in the right order by itself.
//
//     Program program(config, plan, *client_options, faults, engine);
//     if (auto loaded = program.Load(); !loaded) return loaded;
//     if (auto opened = program.Start(std::move(listeners)); !opened) return opened;
//     …
//     program.Stop();
//
// Threads: one, the app's main thread. The parts' threads run between Start and Stop.
#pragma once

#include <chrono>
#include <memory>

#include "api/answers.h"
#include "api/event_hub.h"
#include "api/query_pool.h"
#include "api/service.h"
#include "app/control.h"
#include "app/delivery_events.h"
#include "app/descriptors.h"
#include "app/fault_log.h"
#include "app/listen.h"
#include "app/nodes.h"
#include "app/open_logs.h"
#include "app/operations.h"
#include "auth/admin_auth.h"
#include "contacts/erasure_sweep.h"
#include "contacts/flow.h"
#include "contacts/retention.h"
#include "delivery/catalog_store.h"
#include "delivery/destination.h"
#include "delivery/replay_jobs.h"
#include "site/site.h"

namespace barracuda::app {

class Program {
public:
    // Nothing is read and nothing runs yet, the ledger's thread aside. `engine` takes writes
    // already. All outlive the program.
    Program(
        const config::Config& config,
        const DescriptorPlan& plan,
        const net::ClientOptions& client,
        FaultLog& faults,
        const site::Site& site,
        store::Engine& engine
    );

    // Reads what is held in memory of the store, and joins the nodes on it. Errors: the store's;
    // kInvalid where the settings contradict it.
    Result<bool> Load();
    // Opens the control socket, begins every thread, and leads the listeners here. Errors:
    // kUnavailable, no control socket.
    Result<bool> Start(std::unique_ptr<Listeners> listeners);
    // Now and then: writes the log's lines that are due.
    void Look(std::chrono::steady_clock::time_point now);
    // Finishes what was accepted, from the listeners downwards.
    void Stop();

    Workplace& place() { return place_; }
    auth::AdminAuth& admin() { return admin_; }
    const api::Service& service() const { return service_; }
    uint16_t port() const { return listeners_->port(); }

private:
    api::Parts PartsOfService();
    void NoteOutage(const delivery::QueueKey& queue, bool down);

    const config::Config& config_;
    FaultLog& faults_;
    const site::Site& site_;
    store::Engine& engine_;
    api::Answers answers_;  // outlives whoever may hold a call
    api::EventHub hub_;
    Logs logs_;
    auth::KeyRing keys_;
    Nodes nodes_;
    net::Client client_;
    delivery::IrevApi network_;
    delivery::Destinations destinations_;
    delivery::CatalogStore catalog_;
    DeliveryEvents events_;
    delivery::Dispatcher dispatcher_;
    contacts::FlowRunner flows_;
    std::unique_ptr<Listeners> listeners_;  // from Start on; the ledger posts answers to it
    auth::AdminAuth admin_;
    api::QueryPool queries_, reaches_;
    ledger::Ledger ledger_;  // after everything that it calls back until it has stopped
    delivery::ReplayJobs replays_;
    contacts::ErasureSweep erasures_;
    contacts::EraseParts erase_;
    contacts::Retention retention_;
    api::Service service_;
    api::ImportRules import_rules_;
    Workplace place_;
    std::unique_ptr<ControlServer> control_;
};

}  // namespace barracuda::app
