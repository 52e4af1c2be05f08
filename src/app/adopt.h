// Taking over the seed's database: the command, and at the start of a server
// (docs/operating/adopt.md).
//
// Threads: all of it blocks its caller, for minutes where there is much to adopt.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "adopt/adoption.h"
#include "base/result.h"
#include "config/config.h"

namespace barracuda::app {

struct AdoptWatch {
    std::function<void(const std::string& line)> say;  // progress, and what it waits for
    std::stop_token stop = {};
};

// Errors: kInvalid before anything was done (the store is not MongoDB, cannot be used, or is
// another application's), others as adopt::Adopt.
Result<adopt::AdoptReport> AdoptDatabase(
    const config::Config& config, bool dry_run, const AdoptWatch& watch
);

// For a person, several lines.
std::string ReportText(const adopt::AdoptReport& report, bool dry_run);

// `barracuda adopt`: progress on stderr, the report on stdout; the exit code.
int AdoptCommand(const config::Config& config, bool dry_run);

}  // namespace barracuda::app
