// The first steps, as `serve` shows them once it listens: its address, and the commands to go on
// with.
//
// Threads: any; nothing is kept.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/config.h"

namespace barracuda::app {

// The server's URL from the machine it runs on: "http://127.0.0.1:8080".
std::string AddressOf(const config::Config& config, uint16_t port);

// The link that makes the first admin with this token.
std::string SetupLink(std::string_view address, std::string_view token);

struct Beginning {
    std::string address = {};
    std::string program = {};     // how this program is called
    std::string setup_link = {};  // shown when not empty
    std::string setup_file = {};  // or the file that holds it
    std::string key = {};         // a first key made just now: shown inside the commands
    bool any_keys = false;        // there were keys before: nothing needs to be explained
};

// Every command in it works as pasted. Holds secrets where `from` does: for a terminal only.
std::string FirstSteps(const config::Config& config, const Beginning& from);

// A word for a POSIX shell, quoted where it must be.
std::string ShellWord(const std::string& text);

}  // namespace barracuda::app
