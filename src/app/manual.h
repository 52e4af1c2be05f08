// The command line as manual page and as shell completions, from its own description, and the
// settings as manual page from their table. The package holds what these give; nothing of it is
// written by hand.
//
// Threads: pure functions.
#pragma once

#include <CLI/App.hpp>
#include <string>

namespace barracuda::app {

inline constexpr const char* kCommandsPage = "barracuda.1";
inline constexpr const char* kSettingsPage = "barracuda.toml.5";

// The roff source of one of the two pages. Hidden commands are left out.
std::string ManualPage(const CLI::App& app, const std::string& page);

// For "bash", "zsh" or "fish": commands, options, and the values of those whose values are named.
std::string Completion(const CLI::App& app, const std::string& shell);

}  // namespace barracuda::app
