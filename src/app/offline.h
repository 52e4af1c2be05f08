// A command's way to its answer: a running server's control socket, else the store itself.
//
// Threads: blocks its caller, for as long as the command takes.
#pragma once

#include "app/operations.h"
#include "config/config.h"

namespace barracuda::app {

// Whether a server runs on the data directory. Errors: as AskServer's (control.h).
Result<bool> ServerRuns(const std::string& data);

// Does what is asked. Fails (exit code 2) when the arguments are wrong or neither way is open.
Result<Answer> Perform(const config::Config& config, const Ask& ask);

// Does it over a store that this process has opened for itself.
Result<Answer> AnswerHere(const config::Config& config, store::Engine& engine, const Ask& ask);

}  // namespace barracuda::app
