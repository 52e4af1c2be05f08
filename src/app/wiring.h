// From the configuration to the options of each part, and the hooks by which the parts are joined.
// The parts themselves, and the order in which they begin and end, are in program.cc alone.
//
// Threads: one, before the parts start. Whatever is handed over by reference must outlive the part.
#pragma once

#include <memory>

#include "api/event_hub.h"
#include "app/delivery_events.h"
#include "app/descriptors.h"
#include "app/listen.h"
#include "app/nodes.h"
#include "app/open_logs.h"
#include "config/config.h"
#include "contacts/flow.h"
#include "delivery/catalog_store.h"
#include "delivery/destination.h"
#include "delivery/dispatcher.h"
#include "delivery/replay_jobs.h"
#include "ledger/ledger.h"
#include "net/client.h"

namespace barracuda::app {

// Errors: kInvalid, a range of addresses that is none.
// `faults` hears of what the client could not do for want of a descriptor.
Result<net::ClientOptions> ClientOptionsOf(
    const config::Config& config, const DescriptorPlan& plan, FaultSink& faults
);

// `destinations` is made with these options, and `catalog` after it.
delivery::DestinationOptions DestinationOptionsOf(
    const config::Config& config,
    const net::ClientOptions& client,
    delivery::Destinations& destinations,
    delivery::CatalogStore& catalog
);

// Every catalog that is loaded goes to `destinations`; what is left out of it goes to the log.
delivery::CatalogOptions CatalogOptionsOf(
    const config::Config& config, delivery::Destinations& destinations, api::EventHub& hub
);

delivery::DispatcherOptions DispatcherOptionsOf(
    const config::Config& config,
    const DescriptorPlan& plan,
    Nodes& nodes,
    Logs& logs,
    DeliveryEvents& events,
    api::EventHub& hub
);

contacts::FlowOptions FlowOptionsOf(
    const config::Config& config, Nodes& nodes, delivery::CatalogStore& catalog
);

// Connections as the plan of descriptors has room for.
ListenRoom ListenRoomOf(const DescriptorPlan& plan, FaultSink& faults);

// `listeners` is set before the first command that comes by a request.
ledger::Hooks LedgerHooksOf(
    Nodes& nodes,
    delivery::Dispatcher& dispatcher,
    contacts::FlowRunner& flows,
    std::unique_ptr<Listeners>& listeners,
    api::EventHub& hub
);

// A job's node that is gone leaves the job to others; a delivery it ended goes from memory too.
delivery::ReplayOptions ReplayOptionsOf(
    Nodes& nodes,
    delivery::Dispatcher& dispatcher,
    delivery::CatalogStore& catalog,
    api::EventHub& hub
);

}  // namespace barracuda::app
