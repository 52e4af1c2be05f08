// The server: every part made and joined by hand, in one place.
#pragma once

#include <string>

#include "config/config.h"

namespace barracuda::app {

// Serves until SIGTERM or SIGINT and returns the exit code: 0 stopped, 2 not started.
// Blocks both signals in the calling thread and what it starts; call it from main's thread.
// `accept_loss`: store/rocks/rocks_kv.h.
int Serve(const config::Config& config, const std::string& program, bool accept_loss);

}  // namespace barracuda::app
