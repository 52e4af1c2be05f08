// What commands and upgrades leave in a data directory for a while, and what takes it away: it
// holds persons, and the room of tables that the store has given back.
//
// Threads: any.
#pragma once

#include <chrono>
#include <string>

#include "base/time.h"

namespace barracuda::app {

// The copy of a store as it was before a later version built its indexes anew (KvEngine::Open).
inline constexpr const char* kBeforeUpgrade = "before-upgrade";
inline constexpr std::chrono::hours kBeforeUpgradeKept{24};

// Work directories of backups whose process was killed, and that copy once it is a day old.
void RemoveLeftovers(const std::string& data, Time now);

}  // namespace barracuda::app
