// The logs of a demo: what came in and what was sent for its latest conversions, as if it had been
// there. Repeated and refused requests among them, so that the pages about them have something to
// show.
#pragma once

#include <cstdint>

#include "config/config.h"
#include "store/engine.h"

namespace barracuda::app {

// Writes them, and blocks until they are there, some tenths of a second. Errors: the store's.
Result<bool> FillDemoLogs(const config::Config& config, store::Engine& engine, uint64_t seed);

}  // namespace barracuda::app
