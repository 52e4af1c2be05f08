// One batch on its way: load, decide with overlay, commit, decide again what was lost.
#pragma once

#include <map>

#include "ledger/ledger.h"

namespace barracuda::ledger {

struct Ledger::Entry {
    // A command on a conversion, or an edit of another document.
    std::optional<domain::Command> command;
    EditFunction edit;
    store::Ref ref;
    int io_thread = -1;  // -1: answer on the ledger's thread
    Done done;
    EditDone edit_done;
    size_t bytes = 0;

    // Filled by the batch.
    std::optional<Result<domain::Decision>> decision;
    std::optional<Result<EditState>> edit_state;
    bool open() const { return !decision && !edit_state; }
};

// The overlay's view of one document: as loaded, and as the commands so far leave it.
struct Ledger::Slot {
    store::Ref ref;
    std::optional<std::string> loaded;
    std::optional<domain::Conversion> conversion;
    std::optional<std::string> document;
    bool changed = false;
    Error error;
    bool failed = false;
    std::vector<size_t> entries;  // in order
};

class Ledger::Batch {
public:
    Batch(
        store::Engine& engine,
        const Options& options,
        const Hooks& hooks,
        std::string node,
        std::vector<Entry>& entries
    )
        : engine_(engine),
          options_(options),
          hooks_(hooks),
          node_(std::move(node)),
          now_(hooks.now()),
          entries_(entries) {}

    // Afterwards every entry has its answer. Returns the number of lost writes.
    uint64_t Run();

private:
    void Gather();
    Result<bool> Load();
    EditState Edit(Slot& slot, const EditFunction& edit);
    void Decide(Slot& slot);
    std::optional<Error> Refused(const domain::Command& command) const;
    Result<std::vector<store::WriteState>> Commit(std::vector<Slot*>& written);
    void Settle(Slot& slot, store::WriteState state);
    void FailOpen(const Error& error);

    store::Engine& engine_;
    const Options& options_;
    const Hooks& hooks_;
    const std::string node_;
    Time now_;
    std::vector<Entry>& entries_;
    std::vector<Slot> slots_;
};

}  // namespace barracuda::ledger
