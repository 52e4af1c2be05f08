// The negative controls: ways to break a promise at a seam of the program. The simulation has to
// find each of them, or it proves nothing (docs/simulation.md has how soon it did).
//
// Plain values.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace barracuda::sim {

enum class Control {
    kNone,
    kSyncLies,         // the disk says synced, and has not
    kEarlyAnswer,      // the engine answers before the record is synced
    kHalfBatch,        // a power cut leaves half of a batch
    kLostUpdate,       // writes do not look at what they were decided on
    kDroppedWrite,     // a write is said to be applied, and is not
    kDroppedOutcome,   // outcomes of attempts are said to be stored, and are not
    kRollback,         // a failover takes back what a majority had
    kTwoEmails,        // the unique index judges nothing
    kNoFence,          // a node without a fresh heartbeat goes on sending
    kTakesFromLiving,  // a node takes over what a living one owns
    kLateFirstByte,    // nobody asks again right before the first byte
    kDroppedFlags,     // nobody hears that a conversion was written
    kOtherId,          // each attempt has an id of its own
    kStopUnheard,      // a node does not hear of a stop
    kNoBound,          // attempts at a time are not bounded
    kLostWork,         // the work queue loses an entry
    kLossTold,         // a write that lost is said to be applied
};

struct ControlInfo {
    Control control;
    const char* name;
    const char* what;
};
std::span<const ControlInfo> Controls();
std::optional<Control> ControlNamed(std::string_view name);

}  // namespace barracuda::sim
