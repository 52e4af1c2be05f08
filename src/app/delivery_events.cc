#include "app/delivery_events.h"

#include <fmt/format.h>

namespace barracuda::app {

namespace {

// Without a status the words are ours; with one they may be the network's.
std::string WhyOf(const delivery::AttemptRecord& record) {
    return record.status != 0 ? fmt::format("it answered {}", record.status) : record.error;
}

std::string QueueOf(const delivery::AttemptRecord& record) {
    domain::Delivery delivery;
    delivery.destination = record.destination;
    delivery.kind = record.kind;
    return delivery::QueueOf(delivery);
}

}  // namespace

void DeliveryEvents::Ended(const delivery::AttemptRecord& record) {
    if (record.accepted) return;
    if (delivery::IsOutage(record.status)) {
        std::lock_guard lock(mutex_);
        failures_[QueueOf(record)] = WhyOf(record);
    }
    if (record.alarm) Note(Kind::kAlarm, record);
    if (!record.retried) Note(Kind::kDeath, record);
}

void DeliveryEvents::Note(Kind kind, const delivery::AttemptRecord& record) {
    std::lock_guard lock(mutex_);
    Noted& noted = noted_[{kind, record.destination}];
    if (noted.count++ == 0) noted.first = record;
}

void DeliveryEvents::Look(
    const std::vector<delivery::DestinationStats>& destinations, Clock::time_point now
) {
    for (const auto& [kind, noted] : TakeDue(now)) Tell(kind, noted);
    for (const auto& destination : destinations) LookAt(destination, now);
}

void DeliveryEvents::Finish() {
    for (const auto& [kind, noted] : TakeDue(Clock::time_point::max())) Tell(kind, noted);
}

std::vector<std::pair<DeliveryEvents::Kind, DeliveryEvents::Noted>> DeliveryEvents::TakeDue(
    Clock::time_point now
) {
    std::vector<std::pair<Kind, Noted>> due;
    std::lock_guard lock(mutex_);
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
        {{"network", record.destination},
         {"why", WhyOf(record)},
         {"delivery", record.delivery_id},
         {"count", std::to_string(noted.count)}}
    );
}

void DeliveryEvents::LookAt(const delivery::DestinationStats& destination, Clock::time_point now) {
    Outage& outage = outages_[destination.name];
    const bool open = destination.breaker != delivery::Breaker::State::kClosed;
    const uint64_t openings = destination.times_opened - outage.openings_told;
    if (open && !outage.told && now >= outage.next_line) {
        outage = {
            .told = true,
            .openings_told = destination.times_opened,
            .next_line = now + kQuiet,
            .since = now};
        std::string why;
        {
            std::lock_guard lock(mutex_);
            why = failures_[destination.name];
        }
        log_(
            Level::kWarning,
            "a network is down: only probes are sent",
            {{"network", destination.name}, {"why", why}, {"count", std::to_string(openings)}}
        );
    }
    if (open || !outage.told) return;
    outage.told = false;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - outage.since);
    log_(
        Level::kInfo,
        "a network answers again",
        {{"network", destination.name}, {"after_s", std::to_string(seconds.count())}}
    );
}

}  // namespace barracuda::app
