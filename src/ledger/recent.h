// Documents that this ledger stored lately, so that a command need not load them first. They are
// guesses, as other nodes write too: an answer waits until a write's precondition has proven one.
//
// Threads: every method from any thread.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/thread_safety.h"
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

    mutable Mutex mutex_;
    std::unordered_set<size_t> keys_ GUARDED_BY(mutex_), older_keys_ GUARDED_BY(mutex_);
    std::unordered_map<std::string, std::string> documents_ GUARDED_BY(mutex_), older_documents_
        GUARDED_BY(mutex_);
};

}  // namespace barracuda::ledger
