// What this ledger stored lately, so that a command need not load it first. A guess: other nodes
// write too. So nothing is answered from it that a write has not proven, by its precondition.
//
// Threads: every method from any thread.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "store/engine.h"

namespace barracuda::ledger {

class Recent {
public:
    // `document` was written or read. `again`: it is likely to be written again soon (a delivery's
    // outcome will come), so its bytes are kept.
    void Note(const store::Ref& ref, const std::string& document, bool again);
    void Forget(const store::Ref& ref);

    // Probably stored: worth a load rather than an insert.
    bool Knows(const store::Ref& ref) const;
    std::optional<std::string> Find(const store::Ref& ref) const;

    // Each twice in memory at most: the older half goes when the younger is full.
    static constexpr size_t kKeysMax = 32'768;
    static constexpr size_t kDocumentsMax = 4'096;

private:
    static size_t HashOf(const store::Ref& ref) { return std::hash<std::string>()(ref.key); }

    mutable std::mutex mutex_;
    std::unordered_set<size_t> keys_, older_keys_;
    std::unordered_map<std::string, std::string> documents_, older_documents_;
};

}  // namespace barracuda::ledger
