// The commands of a CLI::App as a plain list, for whoever describes them (manual.h).
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace barracuda::app {

struct OptionShape {
    std::string name;   // "--config"; of a positional "DIR"
    std::string brief;  // "-h", or empty
    std::string value;  // "FILE", "TEXT"; empty: a flag
    std::string about;
    std::vector<std::string> choices;  // the only values there are
    bool positional = false, required = false, many = false;
};

struct CommandShape {
    std::string path;  // "key create"; empty: the program itself
    std::string about, footer;
    std::vector<std::pair<std::string, std::string>> commands;  // of a group: name and what it does
    std::vector<OptionShape> options;
};

// The program first, each group before its commands; without what is hidden from the help.
std::vector<CommandShape> ShapesOf(const CLI::App& app);

}  // namespace barracuda::app
