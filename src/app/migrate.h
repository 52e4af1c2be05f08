// `barracuda migrate` and `import`: a whole store into another one, RocksDB or MongoDB, either way,
// or out of a file (docs/operating/moving.md).
//
// Threads: each command blocks its caller, for as long as the copy takes.
#pragma once

#include <string>

#include "base/result.h"
#include "config/config.h"

namespace barracuda::app {

// `from` and `to`: "rocksdb:DIR", a MongoDB address, or empty: the store of the settings. Progress
// on stderr, the report on stdout. -> the exit code: 0 moved and compared, 1 broken off or not the
// same, 2 not begun.
int MigrateCommand(const config::Config& config, const std::string& from, const std::string& to);

// `barracuda import`: a file that `barracuda export` wrote into the empty store of the settings.
// The same exit codes.
int ImportCommand(const config::Config& config, const std::string& path);

// The settings with this store in the place of their own. Errors: kInvalid.
Result<config::Config> WithStore(const config::Config& config, const std::string& place);

// For people and for the target's record; no password, and the same for the same store.
std::string PlaceOf(const config::Config& config);

}  // namespace barracuda::app
