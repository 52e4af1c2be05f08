// Whether what conversions are queued and listed by (`due`, `owner`, `dead`) is what their
// deliveries say: a delivery that waits with no `due` is never sent. One document holds both, so a
// server that writes meanwhile confuses nobody; mending goes through the ledger, which reads the
// document again.
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

// Makes one edit and waits for it.
using Mend = std::function<Result<ledger::EditState>(store::Ref, ledger::EditFunction)>;

// Adds to `findings`, which name as many as those of Engine::Verify do: the rest is counted.
// With `mend` each is mended, named or not; what had no owner gets `node`.
Result<bool> CheckSchedules(
    store::Engine& engine,
    const std::string& node,
    const Mend& mend,
    std::vector<std::string>& findings
);

}  // namespace barracuda::delivery
