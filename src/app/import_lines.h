// Lines of a file of conversions into a ledger: a running server's (through its control socket), or
// that of a command which has the store for itself.
//
// Threads: blocks its caller until every line is decided; never an io thread, nor the ledger's.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "api/import_report.h"
#include "app/ask.h"
#include "config/config.h"
#include "ledger/many.h"
#include "store/engine.h"

namespace barracuda::app {

struct LinesOptions {
    bool notify = false;
    bool dry_run = false;  // they are read, and nothing is recorded
    ledger::ManyOptions many = {};
};

// A JSON object each. -> what became of each, in order.
std::vector<LineResult> RecordLines(
    ledger::Ledger& ledger,
    const api::ImportRules& rules,
    std::span<const std::string> lines,
    const LinesOptions& options
);

// By the records of a store that this process has for itself, as no node has read them. Errors: the
// store's; kConflict while a goal's rule is not settled.
Result<api::ImportRules> RulesOfStore(store::Engine& engine, const config::Config& config);

}  // namespace barracuda::app
