// SubmitAndWait: commands for a thread of its own that may block. Never on an io thread, nor on the
// ledger's.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "base/result.h"
#include "ledger/ledger.h"

namespace barracuda::ledger {

// Hears of each decision on the ledger's thread, also of one that comes after the patience: it
// keeps what it needs by value. May be empty.
using Heard = std::function<void(size_t command, const domain::Decision&)>;

// Hands the commands over in the internal lane and waits for all; -> their decisions, in the order
// of the commands. Errors: the last one of the ledger; kUnavailable on a timeout, and they may
// still be done after that.
Result<std::vector<domain::Decision>> SubmitAndWait(
    Ledger& ledger,
    std::vector<domain::Command> commands,
    std::chrono::milliseconds patience,
    Heard heard = {}
);

}  // namespace barracuda::ledger
