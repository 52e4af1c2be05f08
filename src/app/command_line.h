// The command line: what was asked, as a plain value, and the help that teaches it.
//
// Threads: Main from main's thread, which it blocks until the command has ended; parsing from any.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/ask.h"
#include "app/backup.h"
#include "app/demo.h"
#include "app/import_file.h"
#include "app/restore.h"
#include "config/config.h"

namespace barracuda::app {

struct CommandLine {
    Command command = Command::kVersion;
    std::optional<std::string> config;
    config::Flags flags;  // setting path -> value
    Ask ask;              // where an open store is asked (operations.h)
    BackupWish backup = {};
    RestoreWish restore = {};
    ImportOptions import = {};
    std::string directory = {};  // backups: where they are
    bool password_stdin = false;
    bool dry_run = false;            // adopt
    bool reference = false;          // of check-config
    bool accept_loss = false;        // serve, verify
    std::string from = {}, to = {};  // migrate
    bool serve_demo = false;         // serve: as the command demo
    DemoOptions demo = {};
    std::string listen = {};  // demo
};

// Either a command, or text to print and the exit code (help: 0, a mistake: 2).
struct Parsed {
    std::optional<CommandLine> line;
    std::string text = {};
    int exit = 0;
};

// `arguments` without the program's own name.
Parsed ParseCommandLine(std::vector<std::string> arguments);

// Parses, runs and returns the exit code: 0 done, 1 not done or something found, 2 not started.
int Main(int argc, char** argv);

}  // namespace barracuda::app
