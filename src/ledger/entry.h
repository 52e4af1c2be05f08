// One piece of work on its way through the ledger, and its answer.
//
// Plain values: whoever holds one.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/check.h"
#include "ledger/ledger.h"

namespace barracuda::ledger {

enum class Lane { kInternal, kRoutes };

// A command on a conversion.
struct CommandWork {
    domain::Command command;
    Done done;
    int io_thread = -1;  // where `done` runs; -1: on the ledger's thread
    std::optional<Result<domain::Decision>> answer = {};
};

// An edit of any one document.
struct EditWork {
    EditFunction edit;
    EditDone done;
    std::optional<Result<EditState>> answer = {};
};

struct Entry {
    std::variant<CommandWork, EditWork> work;
    store::Ref ref;    // the document it is about
    size_t bytes = 0;  // added to a batch, about

    // The lanes' own.
    Lane lane = Lane::kInternal;
    size_t group = 0;    // entries of one group are worked on one after the other
    uint64_t epoch = 0;  // barriers count by it

    // The batch fills the answer; the ledger tells it, or has it come back (Lanes::Finish).
    bool answered = false;
    bool again = false;

    CommandWork* command() { return std::get_if<CommandWork>(&work); }
    const CommandWork* command() const { return std::get_if<CommandWork>(&work); }
    EditWork& edit() {
        BARRACUDA_CHECK(std::holds_alternative<EditWork>(work));
        return std::get<EditWork>(work);
    }

    // Whether it has no answer yet.
    bool open() const {
        return std::visit([](const auto& one) { return !one.answer; }, work);
    }
    void Fail(const Error& error) {
        std::visit([&](auto& one) { one.answer = barracuda::Fail(error); }, work);
    }
    void Reopen() {
        BARRACUDA_CHECK(!answered);  // what was told is not decided again
        std::visit([](auto& one) { one.answer.reset(); }, work);
    }
};

}  // namespace barracuda::ledger
