#include "ledger/submit_and_wait.h"

#include <memory>

#include "base/thread_safety.h"

namespace barracuda::ledger {

namespace {

// Shared with the answers: one that comes after the patience still has somewhere to go.
struct Waiting {
    explicit Waiting(size_t commands) : open(commands), decisions(commands) {}

    Mutex mutex;
    Condition all;
    size_t open GUARDED_BY(mutex);
    std::vector<domain::Decision> decisions GUARDED_BY(mutex);
    std::optional<Error> error GUARDED_BY(mutex);

    void Note(size_t command, Result<domain::Decision> decision) {
        MutexLock lock(mutex);
        if (decision) {
            decisions[command] = std::move(*decision);
        } else {
            error = decision.error();
        }
        if (--open == 0) all.notify_all();
    }
};

}  // namespace

Result<std::vector<domain::Decision>> SubmitAndWait(
    Ledger& ledger,
    std::vector<domain::Command> commands,
    std::chrono::milliseconds patience,
    Heard heard
) {
    auto waiting = std::make_shared<Waiting>(commands.size());
    for (size_t i = 0; i < commands.size(); ++i) {
        auto done = [waiting, heard, i](Result<domain::Decision> decision) {
            if (heard && decision) heard(i, *decision);
            waiting->Note(i, std::move(decision));
        };
        ledger.SubmitInternal(std::move(commands[i]), std::move(done));
    }
    MutexLock lock(waiting->mutex);
    if (!waiting->all.wait_for(lock, patience, [&]() REQUIRES(waiting->mutex) {
            return waiting->open == 0;
        })) {
        return Fail(ErrorCode::kUnavailable, "no answer from the ledger; it may still be done");
    }
    if (waiting->error) return Fail(*waiting->error);
    return std::move(waiting->decisions);
}

}  // namespace barracuda::ledger
