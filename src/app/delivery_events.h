// Deliveries that go wrong, in the log: an attempt whose end points at our configuration (error), a
// delivery that died (warning), a network that does not answer any more (warning) and answers again
// (info). Of each there is at most one line a minute and network, which says how many it stands
// for.
//
//     DeliveryEvents events(Log);
//     options.on_attempt = [&](const auto& record) { events.Ended(record); };  // notes it
//     events.Look(dispatcher.destinations(), Clock::now());                   // writes the lines
//
// A line says which delivery it was and what status came, never the network's own words or what was
// sent: a person's address may be in them. The log of attempts has both.
//
// Threads: Ended from any, and it never waits for whoever reads stderr; the rest from one.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "app/log.h"
#include "delivery/attempt_record.h"
#include "delivery/destination_queues.h"

namespace barracuda::app {

class DeliveryEvents {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::minutes kQuiet{1};  // between two lines of a kind and network

    explicit DeliveryEvents(LogSink log) : log_(std::move(log)) {}

    void Ended(const delivery::AttemptRecord& record);
    void Look(const std::vector<delivery::DestinationStats>& destinations, Clock::time_point now);
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
    void LookAt(const delivery::DestinationStats& destination, Clock::time_point now);

    const LogSink log_;
    std::mutex mutex_;
    std::map<std::pair<Kind, std::string>, Noted> noted_;  // by network; under mutex_
    std::map<std::string, std::string> failures_;          // by queue, why the last; under mutex_
    std::map<std::string, Outage> outages_;                // by network
};

}  // namespace barracuda::app
