// A thread that does one thing again and again: every `every`, at once when woken, never after
// Stop.
//
//     Repeater reader;
//     reader.Start("catalog", 500ms, [this] { Load(); });
//     reader.Wake();                      // now rather than at the end of the pause
//     reader.ComeBy(next);                // inside a step: the next one is at `next` at the latest
//     reader.Stop();                      // ends the pause, waits for the step under way
//
// Threads: Start once, from the owner's; Stop from any but its own, any number of times, also
// without a Start; Wake and stopping from any.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include "base/thread_safety.h"

namespace barracuda {

class Repeater {
public:
    Repeater() = default;
    ~Repeater() { Stop(); }
    Repeater(const Repeater&) = delete;
    Repeater& operator=(const Repeater&) = delete;

    // The thread's name has at most 15 bytes (thread_name.h). The first step is at once, or after
    // the first pause.
    enum class First { kAtOnce, kAfterPause };
    void Start(
        const char* name,
        std::chrono::milliseconds every,
        std::function<void()> step,
        First first = First::kAtOnce
    );
    void Stop();
    // A call during a step makes for one more step after it.
    void Wake();
    bool stopping() const;
    // Of a step: the one after it is at `at`, or after the pause, whichever comes first.
    void ComeBy(std::chrono::steady_clock::time_point at);

private:
    using Clock = std::chrono::steady_clock;

    mutable Mutex mutex_;
    Condition wake_;
    bool stopping_ GUARDED_BY(mutex_) = false;
    bool woken_ GUARDED_BY(mutex_) = false;
    Clock::time_point by_ GUARDED_BY(mutex_) = Clock::time_point::max();
    std::thread thread_;
};

}  // namespace barracuda
