// Where the lines of an import go: the ledger of a running server, or the store itself.
//
// Threads: one; Record blocks until its lines are decided.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/import_lines.h"
#include "base/result.h"
#include "config/config.h"

namespace barracuda::app {

class ImportTarget {
public:
    virtual ~ImportTarget() = default;
    // What became of each, in order. Errors: nobody can be told now; some of the lines may be
    // recorded. Told again they are duplicates.
    virtual Result<std::vector<LineResult>> Record(const std::vector<std::string>& lines) = 0;
    // As many as one call takes, and bytes of them.
    virtual size_t lines_max() const = 0;
    virtual size_t bytes_max() const = 0;
    // After the last line: contacts follow their conversions. Errors: the store's.
    virtual Result<bool> Finish() = 0;
    virtual std::string place() const = 0;  // for people
};

// Of a store that nobody else writes to: nobody waits for an answer, and a larger batch costs less
// a conversion. `lines` is what one call of Record takes.
struct AloneOptions {
    size_t lines = 32'768;
    ledger::Options ledger;
    ledger::ManyOptions many;
};
AloneOptions OptionsAlone();

// The server that runs on the data directory, else the RocksDB store in it, which stays locked
// until the target is destroyed. Errors: no store, a database of MongoDB without a node on this
// data directory, what OpenStore says.
Result<std::unique_ptr<ImportTarget>> OpenTarget(
    const config::Config& config, bool notify, bool dry_run
);

}  // namespace barracuda::app
