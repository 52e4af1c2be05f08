#include "app/delivery_events.h"

#include <fmt/format.h>

namespace barracuda::app {

namespace {

// Without a status the words are ours; with one they may be the network's.
std::string WhyOf(const delivery::AttemptRecord& record) {
    return record.attempt.status != 0 ? fmt::format("it answered {}", record.attempt.status)
                                      : record.attempt.error;
}

delivery::QueueKey QueueOf(const delivery::AttemptRecord& record) {
    return {record.network, record.kind == domain::kPrivateApi};
}

}  // namespace

void DeliveryEvents::Ended(const delivery::AttemptRecord& record) {
    if (record.attempt.accepted) return;
    if (delivery::IsOutage(record.attempt.status) && !record.attempt.own_fault) {
        MutexLock lock(mutex_);
        failures_[QueueOf(record)] = WhyOf(record);
    }
    if (record.alarm()) Note(Kind::kAlarm, record);
    if (!record.retried) Note(Kind::kDeath, record);
}

void DeliveryEvents::Note(Kind kind, const delivery::AttemptRecord& record) {
    MutexLock lock(mutex_);
    Noted& noted = noted_[{kind, record.network}];
    if (noted.count++ == 0) noted.first = record;
}

void DeliveryEvents::Look(const std::vector<delivery::QueueStats>& queues, Clock::time_point now) {
    for (const auto& [kind, noted] : TakeDue(now)) Tell(kind, noted);
    for (const auto& stats : queues) LookAt(stats, now);
}

void DeliveryEvents::Finish() {
    for (const auto& [kind, noted] : TakeDue(Clock::time_point::max())) Tell(kind, noted);
}

std::vector<std::pair<DeliveryEvents::Kind, DeliveryEvents::Noted>> DeliveryEvents::TakeDue(
    Clock::time_point now
) {
    std::vector<std::pair<Kind, Noted>> due;
    MutexLock lock(mutex_);
    for (auto& [key, noted] : noted_) {
        if (noted.count == 0 || now < noted.next_line) continue;
        due.emplace_back(key.first, std::move(noted));
        noted = Noted{};
        if (now != Clock::time_point::max()) noted.next_line = now + kQuiet;
    }
    return due;
}

void DeliveryEvents::Tell(Kind kind, const Noted& noted) {
    const auto& record = noted.first;
    const bool alarm = kind == Kind::kAlarm;
    log_(
        alarm ? Level::kError : Level::kWarning,
        alarm ? "an attempt points at our configuration" : "a delivery was given up",
        {{"network", record.network.value},
         {"why", WhyOf(record)},
         {"delivery", record.delivery_id.value},
         {"count", std::to_string(noted.count)}}
    );
}

void DeliveryEvents::LookAt(const delivery::QueueStats& stats, Clock::time_point now) {
    Outage& outage = outages_[stats.queue];
    const bool open = stats.breaker != delivery::Breaker::State::kClosed;
    const uint64_t openings = stats.times_opened - outage.openings_told;
    if (open && !outage.told && now >= outage.next_line) {
        outage = {
            .told = true,
            .openings_told = stats.times_opened,
            .next_line = now + kQuiet,
            .since = now};
        std::string why;
        {
            MutexLock lock(mutex_);
            why = failures_[stats.queue];
        }
        log_(
            Level::kWarning,
            "a network is down: only probes are sent",
            {{"network", stats.queue.Text()}, {"why", why}, {"count", std::to_string(openings)}}
        );
        if (outage_) outage_(stats.queue, true);
    }
    if (open || !outage.told) return;
    outage.told = false;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - outage.since);
    log_(
        Level::kInfo,
        "a network answers again",
        {{"network", stats.queue.Text()}, {"after_s", std::to_string(seconds.count())}}
    );
    if (outage_) outage_(stats.queue, false);
}

}  // namespace barracuda::app
