// One command or edit on its way through the ledger, and its answer.
#pragma once

#include <optional>
#include <string>

#include "ledger/ledger.h"

namespace barracuda::ledger {

enum class Lane { kInternal, kRoutes };

struct Entry {
    // A command on a conversion, or an edit of another document.
    std::optional<domain::Command> command;
    EditFunction edit;
    store::Ref ref;
    int io_thread = -1;  // -1: answer on the ledger's thread
    Done done;
    EditDone edit_done;
    size_t bytes = 0;

    // The lanes' own.
    Lane lane = Lane::kInternal;
    size_t group = 0;    // entries of one group are worked on one after the other
    uint64_t epoch = 0;  // barriers count by it

    // Filled by the batch.
    std::optional<Result<domain::Decision>> decision;
    std::optional<Result<EditState>> edit_state;
    bool answered = false;
    bool open() const { return !decision && !edit_state; }
    void Fail(const Error& error) {
        if (command) {
            decision = barracuda::Fail(error);
        } else {
            edit_state = barracuda::Fail(error);
        }
    }
};

}  // namespace barracuda::ledger
