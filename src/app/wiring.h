// From the configuration to the options of each part, and how the parts of deliveries are joined.
// Which parts there are, and in which order they begin and end, is in serve.cc alone.
//
// Threads: one, before the parts start. What is handed over by reference must outlive the part.
#pragma once

#include "app/delivery_events.h"
#include "app/nodes.h"
#include "app/open_logs.h"
#include "config/config.h"
#include "delivery/catalog_store.h"
#include "delivery/destination.h"
#include "delivery/dispatcher.h"
#include "delivery/flow.h"
#include "net/client.h"

namespace barracuda::app {

// Errors: kInvalid, a range of addresses that is none.
Result<net::ClientOptions> ClientOptionsOf(const config::Config& config);

delivery::NetworkSettings NetworkSettingsOf(const config::Config& config);

delivery::DestinationOptions DestinationOptionsOf(
    const config::Config& config, const net::ClientOptions& client
);

// Every catalog that is loaded goes to `destinations`; what is left out of it goes to the log.
delivery::CatalogOptions CatalogOptionsOf(
    const config::Config& config, delivery::Destinations& destinations
);

delivery::DispatcherOptions DispatcherOptionsOf(
    const config::Config& config,
    Nodes& nodes,
    delivery::Destinations& destinations,
    delivery::CatalogStore& catalog,
    Logs& logs,
    DeliveryEvents& events
);

delivery::FlowOptions FlowOptionsOf(
    const config::Config& config, Nodes& nodes, delivery::CatalogStore& catalog
);

}  // namespace barracuda::app
