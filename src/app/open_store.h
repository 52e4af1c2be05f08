// Opening the store that a configuration names, for the server and for commands without one.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "config/config.h"
#include "store/engine.h"

namespace barracuda::app {

enum class Unfinished { kRefused, kAllowed };

// Makes the data directory (mode 0700) when `create`, and always for MongoDB: the control socket is
// there. Errors, each one readable line: kUnavailable naming the directory and why (in use,
// unreadable, absent); kForbidden where it belongs to another user; kInvalid for a MongoDB that
// cannot be used (address, credentials, version, standalone, privilege, no primary), and for an
// unfinished copy of another store (store/copy.h) unless that is allowed.
Result<std::unique_ptr<store::Engine>> OpenStore(
    const config::Config& config, bool create, Unfinished unfinished = Unfinished::kRefused
);

// A RocksDB store as it stands, for who only looks: no file changes, and no server is locked out.
Result<std::unique_ptr<store::Engine>> OpenStoreToRead(const config::Config& config);

// Whether `directory` holds any file of a store, whole or not.
bool HoldsStore(const std::string& directory);

}  // namespace barracuda::app
