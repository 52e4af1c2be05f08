// EditAndWait: an edit for a thread that may block: at a start and a stop, and of threads of their
// own. Never on an io thread, nor on the ledger's.
#pragma once

#include <chrono>

#include "base/result.h"
#include "ledger/ledger.h"
#include "store/engine.h"

namespace barracuda::ledger {

// Hands the edit over and waits up to `patience` for its answer. Errors: the ledger's; kUnavailable
// on a timeout, and the edit may still be made after that: `edit` keeps what it needs by value.
Result<EditState> EditAndWait(
    Ledger& ledger, store::Ref ref, EditFunction edit, std::chrono::milliseconds patience
);

}  // namespace barracuda::ledger
