// decide(): the one place where contract.md's table "What a second report does" lives.
//
// Pure: no I/O, no clock, no random source; the same arguments give the same decision, so a lost
// write is decided again from a fresh read. Tested as a table and by property (decide_test.cc).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/command.h"

namespace barracuda::domain {

enum class Verdict { kRecorded, kDuplicate, kUpdated, kNone /* nothing to say: unknown key */ };
const char* NameOf(Verdict verdict);

struct Conflict {
    std::string field;
    std::string stored;
    std::string given;
};

// The outcome of a correction.
enum class Corrected {
    kAlreadySo,  // nothing was to be changed
    kChanged,
    kBefore,     // by this very command, earlier
    kStale,      // the document has another revision
    kMeanwhile,  // what it takes back was moved since
};

struct Decision {
    Verdict verdict = Verdict::kNone;
    bool is_duplicate = true;  // false for exactly the report that first confirmed the key
    bool changed = false;      // `document` differs from the state and must be written
    // Not of the affiliate its key is bound to: nothing of it may be answered.
    bool foreign = false;
    Corrected corrected = Corrected::kAlreadySo;  // of a correction
    // The state after, with the revision of the state before: who writes it counts
    // (ledger/batch.h). Absent only when nothing is stored.
    std::optional<Conversion> document;
    std::vector<DeliveryId> fresh_deliveries;  // ids added by this command
    size_t no_room = 0;  // deliveries that are owed and found no room: dead at once (owe.h)
    std::vector<Conflict> conflicts;
    std::vector<std::string> trace;
};

// `state` is nullopt when nothing is stored. `node` becomes the owner of what is owed,
// unless another node owns this document already: then that one delivers.
Decision Decide(
    const std::optional<Conversion>& state, const Command& command, Time now, const NodeId& node
);

}  // namespace barracuda::domain
