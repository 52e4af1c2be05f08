// The file DATA/setup-link, for the owner only: it holds the one-time link that makes the first
// admin, where no terminal is there to show it. A link is a secret: it stands there or on a
// terminal, never in a log.
//
// Threads: any. Errors are kUnavailable with the system's reason.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace barracuda::app {

// DATA/setup-link.
std::string SetupLinkPath(const std::string& data);

// Made anew with mode 0600, never written through what somebody else put there (a file, a symbolic
// link): RemoveSetupLink first.
Result<bool> WriteSetupLink(const std::string& data, std::string_view link);

// Removes the file: at every start, and once there is an admin. One that is absent is no error.
void RemoveSetupLink(const std::string& data);

}  // namespace barracuda::app
