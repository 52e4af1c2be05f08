// What `serve` says on stdout once it listens: where, and what to do next. Holds no secret.
#pragma once

#include <cstdint>
#include <string>

#include "config/config.h"

namespace barracuda::app {

// `program`: how this program is called. `keys`: whether there is any key. Every command in it
// works as pasted.
std::string FirstSteps(
    const config::Config& config, const std::string& program, uint16_t port, bool keys
);

// A word for a POSIX shell, quoted where it must be.
std::string ShellWord(const std::string& text);

}  // namespace barracuda::app
