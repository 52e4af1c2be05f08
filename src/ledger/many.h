// Many: hands reports of one source to the ledger in their order, through the routes' lane, and
// never more than `under_way_max` of them at a time, so that whoever else reports waits behind no
// more than that.
//
//     Many many(ledger, {.under_way_max = 512}, [&](size_t number, Result<Decision> decision) { …
//     }); for (size_t i = 0; i < reports.size(); ++i) many.Add(std::move(reports[i]), i);
//     many.Wait();   // every one of them has its answer
//
// Where the lane is full it waits for answers of its own to make room; with none under way for at
// most `patience` since it was found full, then reports are answered kUnavailable, without a wait
// until one is taken again, and nothing of them was written.
//
// Threads: one thread adds and waits, and blocks (never an io thread, nor the ledger's). `heard`
// runs on a writer's thread, where it must be short; of a refusal on the adding one.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>

#include "base/thread_safety.h"
#include "ledger/ledger.h"

namespace barracuda::ledger {

struct ManyOptions {
    size_t under_way_max = 512;
    std::chrono::milliseconds patience{0};  // of a full lane, with none of ours under way
    // Nobody else reports, and the lane has room for all that are under way: nothing is refused,
    // and no copy is kept of what is handed over.
    bool alone = false;
};

class Many {
public:
    using Heard = std::function<void(size_t number, Result<domain::Decision>)>;

    Many(Ledger& ledger, const ManyOptions& options, Heard heard);
    ~Many();  // Wait()
    Many(const Many&) = delete;
    Many& operator=(const Many&) = delete;

    void Add(domain::Command command, size_t number);
    void Wait() { WaitFor(0); }
    // Waits until at most so many are under way.
    void WaitFor(size_t under_way);

private:
    void Begin();
    bool MakeRoom();
    void Answered();

    Ledger& ledger_;
    const ManyOptions options_;
    const Heard heard_;
    std::optional<std::chrono::steady_clock::time_point> full_since_;  // the adding thread's
    Mutex mutex_;
    Condition fewer_;
    size_t under_way_ GUARDED_BY(mutex_) = 0;
    size_t wanted_ GUARDED_BY(mutex_) = 0;  // the waiter is woken when no more are under way
    bool waits_ GUARDED_BY(mutex_) = false;
};

}  // namespace barracuda::ledger
