// Opening the store that a configuration names, for the server and for commands without one.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "config/config.h"
#include "store/kv_engine.h"

namespace barracuda::app {

// Makes the data directory (mode 0700) when `create`. Errors: kInvalid for a store this build does
// not have, kUnavailable naming the directory and why (in use, unreadable, absent).
Result<std::unique_ptr<store::KvEngine>> OpenStore(const config::Config& config, bool create);

// Whether `directory` holds any file of a store, whole or not.
bool HoldsStore(const std::string& directory);

}  // namespace barracuda::app
