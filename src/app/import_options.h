// The options of `barracuda import` on the command line.
#pragma once

#include "app/import_file.h"

namespace CLI {
class App;
}

namespace barracuda::app {

// `options` lives as long as `command`.
void AddImportOptions(CLI::App* command, ImportOptions& options);

}  // namespace barracuda::app
