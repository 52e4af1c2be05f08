// A command's way to its answer: a running server's control socket, else the store itself.
//
// Threads: blocks its caller, for as long as the command takes.
#pragma once

#include "app/operations.h"
#include "config/config.h"

namespace barracuda::app {

// Does what is asked. Fails (exit code 2) when the arguments are wrong or neither way is open.
Result<Answer> Perform(const config::Config& config, const Ask& ask);

// Copies a backup into a data directory that holds no store and checks it. Never with a server.
Result<Answer> Restore(const config::Config& config, const std::string& from);

}  // namespace barracuda::app
