// Compares the fields that conversions are queued and listed by (`due`, `owner`, `dead`) with their
// deliveries: a delivery that waits with no `due` is never sent. One document holds both, so a
// server may write meanwhile; mending goes through the ledger, which reads the document again.
//
// Threads: CheckSchedules blocks on the store and on `mend`: never an io thread, never the
// ledger's.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ledger/ledger.h"
#include "store/engine.h"

namespace barracuda::delivery {

// Makes one edit and waits for it. Errors: the ledger's, or kUnavailable on a timeout.
using Mend = std::function<Result<ledger::EditState>(store::Ref, ledger::EditFunction)>;

// Adds to `findings`, which name as many conversions as Engine::Verify does and count the rest.
// With `mend` each is mended, named or not; a document without an owner gets `node`. Errors: the
// store's.
Result<bool> CheckSchedules(
    store::Engine& engine, const NodeId& node, const Mend& mend, std::vector<std::string>& findings
);

}  // namespace barracuda::delivery
