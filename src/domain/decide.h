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

struct Decision {
    Verdict verdict = Verdict::kNone;
    bool is_duplicate = true;  // false for exactly the report that first confirmed the key
    bool changed = false;      // `document` differs from the state and must be written
    bool foreign = false;      // another affiliate's than the key's: nothing of it may be answered
    std::optional<Conversion> document;  // the state after; absent only when nothing is stored
    std::vector<std::string> fresh_deliveries;  // ids added by this command
    std::vector<Conflict> conflicts;
    std::vector<std::string> trace;
};

// `state` is nullopt when nothing is stored. `node` becomes the owner of what is owed,
// unless another node owns this document already: then that one delivers.
Decision Decide(
    const std::optional<Conversion>& state,
    const Command& command,
    Time now,
    const std::string& node
);

}  // namespace barracuda::domain
