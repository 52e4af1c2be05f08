// Opening the store that a configuration names, for the server and for commands without one.
//
// Threads: one, before anything is served; opening blocks, for as long as a store is mended or
// looked at.
#pragma once

#include <memory>
#include <string>

#include "base/fault.h"
#include "base/result.h"
#include "config/config.h"
#include "store/engine.h"

namespace barracuda::app {

struct Opening {
    bool create = false;       // where nothing is; never beside a trace of a store
    bool unfinished = false;   // also an unfinished copy of another store (store/copy.h)
    bool accept_loss = false;  // RocksDB: go on with what is left of a store that became smaller
    bool filling = false;      // RocksDB: a new one that nobody serves from yet
    bool restoring = false;    // RocksDB: a restore is about to end
    // For a server. RocksDB: indexes of an older version are built while the engine's Trouble()
    // says so; MongoDB: the cells of reports are kept.
    bool build_beside = false;
};

// Makes the data directory (mode 0700) when it may create, and always for MongoDB: the control
// socket is there. Errors, each one readable line: kConflict where a running server has the
// directory; kUnavailable naming the directory and why (unreadable, absent, lacking a file, smaller
// than it was); kForbidden where it belongs to another user, or others may write to it; kInvalid
// for a MongoDB that cannot be used (address, credentials, version, standalone, privilege, no
// primary), and for an unfinished copy of another store. `faults` hears of what MongoDB refuses,
// and lives longer than the engine.
Result<std::unique_ptr<store::Engine>> OpenStore(
    const config::Config& config, const Opening& opening, FaultSink& faults = NoFaults()
);

// A RocksDB store as it stands, for who only looks: no file changes, and no server is locked out.
Result<std::unique_ptr<store::Engine>> OpenStoreToRead(const config::Config& config);

// For the operator, over MongoDB: that the database is without conversions while another one on the
// server has some. The address of the old application names none, and hosted ones name a wrong one.
void SayWhichDatabase(store::Engine& engine, const config::Config& config);

}  // namespace barracuda::app
