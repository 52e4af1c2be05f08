// One batch on its way: load (or guess), decide with overlay, commit, decide again what was lost.
//
// Where the store judges an insert by itself (Engine::InsertsFirst) the first round guesses instead
// of loading: a key that is reported and not known is taken as absent, and what this ledger wrote a
// moment ago as unchanged. The write's precondition proves the guess; what it disproves, and what
// would not have been written at all, is loaded in the next round.
//
// Threads: one writer's. Errors: in each entry's answer.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "ledger/entry.h"
#include "ledger/recent.h"

namespace barracuda::ledger {

// A batch's view of one document: as found, and as the commands so far leave it.
struct Slot {
    store::Ref ref;
    std::optional<std::string> found;              // the bytes that the write names as `before`
    std::optional<domain::Conversion> conversion;  // decoded; of the collection of conversions only
    std::optional<std::string> document;           // the bytes to be written; nullopt: deleted
    bool guessed = false;                          // not loaded: the write's precondition judges
    bool changed = false;                          // `document` or `conversion` is to be written
    bool failed = false;                           // for `error`: nothing of it is written
    Error error;
    std::vector<size_t> entries;  // of Batch::entries_, in order
};

class Batch {
public:
    // `recent`: nullptr where the store is asked first.
    Batch(
        store::Engine& engine,
        const Options& options,
        const Hooks& hooks,
        NodeId node,
        Recent* recent,
        std::span<Entry> entries
    )
        : engine_(engine),
          options_(options),
          hooks_(hooks),
          node_(std::move(node)),
          recent_(recent),
          now_(hooks.now()),
          entries_(entries) {}

    // Afterwards every entry has its answer. `settled` is called whenever some have got theirs,
    // with the number of writes that were lost in that round.
    void Run(const std::function<void(uint64_t lost)>& settled);

private:
    void Gather();
    bool Guess(Slot& slot) const;
    void GuessAll();
    Result<bool> Load();
    static void Take(Slot& slot, std::optional<std::string> document);
    EditState Edit(Slot& slot, const EditFunction& edit);
    void Decide(Slot& slot);
    std::optional<Error> Refused(const domain::Command& command) const;
    Result<std::vector<store::WriteResult>> Commit(std::vector<Slot*>& written);
    // Gives the entries of a written document the answer that the store's word allows.
    void Heed(Slot& slot, const store::WriteResult& result);
    void Doubt(const Slot& slot) const;
    void Remember(const Slot& slot, store::WriteState state);
    void Reopen(const Slot& slot);
    void FailAll(const Slot& slot);
    void FailOpen(const Error& error);

    store::Engine& engine_;
    const Options& options_;
    const Hooks& hooks_;
    const NodeId node_;
    Recent* const recent_;
    Time now_;
    std::span<Entry> entries_;
    std::vector<Slot> slots_;
};

}  // namespace barracuda::ledger
