// FaultLog: the operator's side of faults of ours (base/fault.h). Every one is counted by kind; of
// each kind and subject the first is a line in the log at once, and the rest of a minute one line
// with their number and the reason of the last.
//
//     FaultLog faults(Log);
//     faults.Report(Fault::kStore, "conversions", "not authorized");
//     faults.Look(Clock::now());   // now and then: tells what was counted and is due
//
// Threads: Report and counts from any; a lock is taken, but only where something is wrong. Look and
// Finish from one.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <utility>

#include "app/log.h"
#include "base/fault.h"
#include "base/thread_safety.h"

namespace barracuda::app {

class FaultLog : public FaultSink {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::minutes kQuiet{1};
    static constexpr size_t kSubjectsMax = 256;  // further ones of a kind share a line

    explicit FaultLog(LogSink log) : log_(std::move(log)) {}

    void Report(Fault kind, std::string_view subject, std::string_view what) override;
    void Look(Clock::time_point now);
    void Finish();  // everything that is not told yet, at a stop

    std::array<uint64_t, kFaults> counts() const;

private:
    struct Noted {
        Clock::time_point quiet_until{};
        uint64_t untold = 0;
        std::string last{};
    };
    using Key = std::pair<Fault, std::string>;

    void Tell(const Key& key, const std::string& what, uint64_t count);

    const LogSink log_;
    std::array<std::atomic<uint64_t>, kFaults> counts_{};
    Mutex mutex_;
    std::map<Key, Noted, std::less<>> noted_ GUARDED_BY(mutex_);
};

}  // namespace barracuda::app
