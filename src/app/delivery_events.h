// Deliveries that go wrong, in the log: an attempt whose end points at our configuration (error), a
// delivery that died (warning), a network that does not answer any more (warning) and answers again
// (info). Of each there is at most one line a minute and network, which says how many it stands
// for.
//
//     DeliveryEvents events(Log);
//     options.on_attempt = [&](const auto& record) { events.Ended(record); };  // notes it
//     events.Look(dispatcher.queues(), Clock::now());                   // writes the lines
//
// A line says which delivery it was and what status came, never the network's own words or what was
// sent: a person's address may be in them. The log of attempts has both.
//
// Threads: Ended from any, and it never waits for whoever reads stderr; the rest from one.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "app/log.h"
#include "base/thread_safety.h"
#include "delivery/attempt_record.h"
#include "delivery/destination_queues.h"

namespace barracuda::app {

class DeliveryEvents {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::minutes kQuiet{1};  // between two lines of a kind and network

    // Hears of a network's API that is told to be down, and to be up again. May be empty.
    using OutageSink = std::function<void(const delivery::QueueKey&, bool down)>;
    explicit DeliveryEvents(LogSink log, OutageSink outage = {})
        : log_(std::move(log)), outage_(std::move(outage)) {}

    void Ended(const delivery::AttemptRecord& record);
    void Look(const std::vector<delivery::QueueStats>& queues, Clock::time_point now);
    // Everything that is not told yet, at a stop.
    void Finish();

private:
    enum class Kind { kAlarm, kDeath };
    struct Noted {
        size_t count = 0;  // since the last line
        delivery::AttemptRecord first;
        Clock::time_point next_line{};
    };
    struct Outage {
        bool told = false;
        uint64_t openings_told = 0;
        Clock::time_point next_line{}, since{};
    };

    void Note(Kind kind, const delivery::AttemptRecord& record);
    std::vector<std::pair<Kind, Noted>> TakeDue(Clock::time_point now);
    void Tell(Kind kind, const Noted& noted);
    void LookAt(const delivery::QueueStats& stats, Clock::time_point now);

    const LogSink log_;
    const OutageSink outage_;
    Mutex mutex_;
    std::map<std::pair<Kind, NetworkName>, Noted> noted_ GUARDED_BY(mutex_);
    std::map<delivery::QueueKey, std::string> failures_ GUARDED_BY(mutex_);  // why the last
    std::map<delivery::QueueKey, Outage> outages_;
};

}  // namespace barracuda::app
