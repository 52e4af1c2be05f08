// The logs beside the store, as the configuration wants them.
//
// Threads: one, at the start.
#pragma once

#include <memory>

#include "api/received_log.h"
#include "config/config.h"
#include "delivery/attempt_log.h"

namespace barracuda::app {

struct Logs {
    std::unique_ptr<store::LogStore> store;  // nullptr: both are off
    std::unique_ptr<api::ReceivedLog> received;
    std::unique_ptr<delivery::AttemptLog> attempts;
};

// Never fails: where the database cannot be opened the logs are kept in memory, and stderr says so.
Logs OpenLogs(const config::Config& config, FaultSink& faults);

}  // namespace barracuda::app
