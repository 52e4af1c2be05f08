// The values behind a network's secret references (domain/network.h).
//
// Threads: any; reads a file or the environment, and keeps nothing.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/config.h"

namespace barracuda::app {

// The value that `reference` names. kNotFound when there is none, kInvalid when it cannot be one:
// empty, longer than 4 KiB, with control characters, or "whsec_…" that is no base64. A file's last
// line break is not part of it. A file must be a plain one and closed to others (mode 0600).
Result<std::string> ReadSecret(const config::Config& config, std::string_view reference);

}  // namespace barracuda::app
