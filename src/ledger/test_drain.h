// For tests: waits until everything handed to a ledger so far is done.
#pragma once

#include <future>

#include "ledger/ledger.h"

namespace barracuda::ledger {

inline void Drain(Ledger& ledger) {
    std::promise<void> done;
    ledger.Barrier([&] { done.set_value(); });
    done.get_future().wait();
}

}  // namespace barracuda::ledger
