// Zones: their clocks over a year, both ways, and what is no name.
#include "report/zone.h"

#include <gtest/gtest.h>

namespace barracuda::report {
namespace {

constexpr int64_t kHour = 3'600'000, kQuarter = kHour / 4;

Time At(const char* iso) { return *Time::ParseIso(iso); }

struct Clock {
    const char* zone;
    const char* at;
    const char* shown;
};

TEST(Zone, ShowsWhatItsClocksShow) {
    const Clock clocks[] = {
        {"UTC", "2026-01-31T23:59:59.123Z", "2026-01-31T23:59:59.123Z"},
        {"Europe/Berlin", "2026-01-31T23:30:00Z", "2026-02-01T00:30:00.000+01:00"},
        {"Europe/Berlin", "2026-03-29T00:59:59.999Z", "2026-03-29T01:59:59.999+01:00"},
        {"Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00.000+02:00"},
        {"Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T02:30:00.000+02:00"},
        {"Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00.000+01:00"},
        {"Asia/Kolkata", "2026-06-01T00:00:00Z", "2026-06-01T05:30:00.000+05:30"},
        {"Asia/Kathmandu", "2026-06-01T00:00:00Z", "2026-06-01T05:45:00.000+05:45"},
        {"America/St_Johns", "2026-01-01T00:00:00Z", "2025-12-31T20:30:00.000-03:30"},
        {"America/Argentina/Buenos_Aires", "2026-01-01T02:00:00Z", "2025-12-31T23:00:00.000-03:00"},
        {"Pacific/Kiritimati", "2026-01-01T10:00:00Z", "2026-01-02T00:00:00.000+14:00"},
        {"Pacific/Pago_Pago", "2026-01-01T10:00:00Z", "2025-12-31T23:00:00.000-11:00"},
        {"Australia/Lord_Howe", "2026-07-01T00:00:00Z", "2026-07-01T10:30:00.000+10:30"},
        {"Asia/Kolkata", "1969-12-31T20:00:00Z", "1970-01-01T01:30:00.000+05:30"}};
    for (const auto& [zone, at, shown] : clocks) {
        const auto here = Zone::Named(zone);
        ASSERT_TRUE(here) << zone;
        EXPECT_EQ(here->Iso(At(at)), shown) << zone;
        EXPECT_EQ(Time::ParseIso(here->Iso(At(at))), At(at)) << "and it is that moment";
    }
}

// Every quarter of two years: a moment's local time is that moment again, but for the hour that is
// shown twice, where it is one of the two.
TEST(Zone, ALocalTimeIsTheMomentThatShowsIt) {
    for (const char* name :
         {"UTC",
          "Europe/Berlin",
          "America/New_York",
          "Asia/Kathmandu",
          "Australia/Lord_Howe",
          "Pacific/Apia",
          "Asia/Beirut",
          "America/St_Johns"}) {
        const auto zone = *Zone::Named(name);
        size_t twice = 0;
        for (Time at = At("2025-01-01"); at < At("2027-01-01"); at.ms += kQuarter) {
            const int64_t local = at.ms + int64_t{zone.OffsetSeconds(at)} * 1000;
            const Time back = zone.At(local);
            if (back == at) continue;
            ++twice;
            const int64_t shown = back.ms + int64_t{zone.OffsetSeconds(back)} * 1000;
            ASSERT_EQ(shown, local) << name << " " << at.Iso();
            ASSERT_LE(std::abs(back.ms - at.ms), kHour) << name << " " << at.Iso();
        }
        EXPECT_LE(twice, 8u) << name << ": an hour a year";
    }
}

TEST(Zone, WhatIsNoName) {
    for (const char* name :
         {"",
          "Mars/Olympus",
          "europe",
          "+02:00",
          "../etc/localtime",
          "UTC ",
          " UTC",
          "Europe/Berlin\n",
          "Etc/Unknown",
          "\xff",
          "Europe/Berl\u0131n"}) {
        EXPECT_FALSE(Zone::Named(name)) << name;
    }
    EXPECT_FALSE(Zone::Named(std::string(65, 'z')));
    EXPECT_FALSE(Zone::Named(std::string_view("UTC\0", 4)));
    EXPECT_TRUE(Zone::Named("UTC")->IsUtc());
    EXPECT_FALSE(Zone::Named("Europe/Berlin")->IsUtc());
}

}  // namespace
}  // namespace barracuda::report
