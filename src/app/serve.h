// `barracuda serve`: from the settings to the exit code. The parts are made and joined in
// program.h.
#pragma once

#include <string>

#include "config/config.h"

namespace barracuda::app {

// Serves until a stop signal (stop_signals.h) and returns the exit code: 0 stopped, 2 not started.
// Blocks these signals in the calling thread and what it starts; call it from main's thread.
// `program`: how this program is called.
// `accept_loss`: store/rocks/rocks_kv.h.
int Serve(const config::Config& config, const std::string& program, bool accept_loss);

}  // namespace barracuda::app
