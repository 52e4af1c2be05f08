// `barracuda import`: an export (migrate.h) into an empty store, or a file of conversions into any
// (docs/formats/import.md).
//
// Threads: blocks its caller for as long as it takes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/config.h"

namespace barracuda::app {

struct ImportOptions {
    std::string path;
    std::string format = {};             // "csv", "ndjson"; empty: by its first line
    std::vector<std::string> maps = {};  // of CSV: COLUMN=FIELD
    std::string state = {};              // a file; empty: none
    std::string refused = {};            // a file; empty: the path with .refused
    uint64_t from_line = 1;              // those before are passed over
    bool dry_run = false;
    bool notify = false;
    bool operator==(const ImportOptions&) const = default;
};

// -> the exit code: 0 every line is recorded, or was; 1 some were refused, or it broke off; 2 not
// begun. Progress on stderr, the report on stdout.
int ImportFileCommand(const config::Config& config, const ImportOptions& options);

}  // namespace barracuda::app
