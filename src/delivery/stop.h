// A destination's stop: nothing is sent to it until an operator resumes it. It answered 410 ("gone
// for good"), or an operator asked for it. Its deliveries stay due. One document `stop:NETWORK` of
// the settings, so that every node follows and a restart changes nothing.
//
// Threads: any; `done` on the ledger's thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "ledger/ledger.h"

namespace barracuda::delivery {

struct Stop {
    NetworkName network;
    std::string why;  // readable: "answered 410 (gone)", "by admin:E"
    Time since;
};

inline constexpr std::string_view kStopPrefix = "stop:";

std::string EncodeStop(const Stop& stop);
Stop DecodeStop(std::string_view bson);

// A stop that is there already stays as it is. `done` gets the ledger's answer.
void KeepStop(ledger::Ledger& ledger, const Stop& stop, ledger::EditDone done);
void RemoveStop(ledger::Ledger& ledger, const NetworkName& network, ledger::EditDone done);

}  // namespace barracuda::delivery
