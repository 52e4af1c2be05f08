// A place's time of day, by the rules of ICU: g++ 12 has no std::chrono::tzdb, and ICU is linked
// for letters anyway.
//
// Threads: a Zone is immutable and shared freely.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace barracuda::report {

class Zone {
public:
    Zone() = default;  // UTC
    // By its name in the IANA database (Europe/Berlin); nullopt: there is none.
    static std::optional<Zone> Named(std::string_view name);

    int OffsetSeconds(Time at) const;  // east of Greenwich
    // The moment at which the place's clocks show `local_ms` (milliseconds since 1970 by these
    // clocks). Of a time that they show twice it is the later one; one that they pass over is
    // counted on from before the change: 02:30 of a night without it is 03:30.
    Time At(int64_t local_ms) const;
    bool IsUtc() const { return !rules_; }
    // 2026-01-31T23:59:59.123+01:00, with Z in UTC.
    std::string Iso(Time at) const;

private:
    struct Rules;
    explicit Zone(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}
    std::shared_ptr<const Rules> rules_;
};

}  // namespace barracuda::report
