// The commands of an operator over an open store, each once. A running server answers a command
// through its control socket (control.h); with none running the command opens the store itself
// (offline.h).
//
// Threads: Execute may block (it waits for the ledger), so neither io threads nor the ledger call
// it.
#pragma once

#include <chrono>

#include "api/import_report.h"
#include "app/ask.h"
#include "auth/key_ring.h"
#include "auth/login_guard.h"
#include "auth/sessions.h"
#include "config/config.h"
#include "contacts/erase_contact.h"
#include "ledger/ledger.h"
#include "store/engine.h"

namespace barracuda::app {

// An open store and the parts that an operation works with.
struct Workplace {
    store::Engine& engine;
    ledger::Ledger& ledger;
    auth::KeyRing& keys;
    auth::Admins& admins;
    auth::Sessions& sessions;
    bool serving = false;  // a server works on this store: no index may be rebuilt
    // How long contact flags may trail their conversions; more than 0 where somebody else writes.
    std::chrono::milliseconds flags_trail{0};
    // Of the server that answers; null where a command opened the store for itself.
    const config::Config* config = nullptr;
    auth::LoginGuard* logins = nullptr;
    const api::ImportRules* import = nullptr;  // what lines of a file are read by
    // How persons are erased; null: they are not here.
    const contacts::EraseParts* erase = nullptr;
};

// How long a server, or a command beside nodes over MongoDB, lets contact flags trail. It ends
// within the time that a stop has: the control socket finishes the command under way.
inline constexpr std::chrono::seconds kFlagsTrail{5};

// Does what is asked. Exit code 1, with the reason in `note`, for wrong arguments and failures too.
Answer Execute(Workplace& at, const Ask& ask);

}  // namespace barracuda::app
