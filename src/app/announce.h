// The words of a server that listens now: one line for the log, and the first steps for a person.
//
// Threads: main's. Blocks while the store takes a first key.
#pragma once

#include <cstdint>
#include <string>

#include "app/operations.h"
#include "auth/admin_auth.h"
#include "config/config.h"

namespace barracuda::app {

// Shows the first steps on a terminal, else on stdout without secrets. Where there is no admin yet
// it makes the setup link: shown on a terminal, else left in DATA/setup-link. Where a person reads
// along and there is no key it makes the first one. `program`: how this program is called.
void Announce(
    const config::Config& config,
    const std::string& program,
    uint16_t port,
    Workplace& place,
    auth::AdminAuth& admin
);

}  // namespace barracuda::app
