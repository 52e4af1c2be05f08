#include "base/time.h"

#include <gtest/gtest.h>

#include <ctime>
#include <random>

namespace barracuda {
namespace {

constexpr int64_t kDayMs = 86'400'000;

// By the C library, for comparison.
std::string LibraryIso(int64_t ms) {
    const std::time_t seconds = ms / 1000 - (ms % 1000 < 0);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[40];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    char whole[48];
    std::snprintf(
        whole, sizeof whole, "%s.%03dZ", text, static_cast<int>((ms % 1000 + 1000) % 1000)
    );
    return whole;
}

TEST(Iso, IsWhatTheLibrarySaysOverTwoCenturies) {
    std::mt19937_64 random(1);
    std::uniform_int_distribution<int64_t> moments(-70 * 365 * kDayMs, 130 * 365 * kDayMs);
    for (int i = 0; i < 5'000; ++i) {
        const Time time{moments(random)};
        ASSERT_EQ(time.Iso(), LibraryIso(time.ms));
        ASSERT_EQ(Time::ParseIso(time.Iso()), time);
        ASSERT_EQ(time.Month(), time.Iso().substr(0, 7));
    }
}

TEST(Iso, EveryDayOfALeapYearAndOfTheNextIsRead) {
    const Time begin = *Time::ParseIso("2024-01-01");
    for (int day = 0; day < 366 + 365; ++day) {
        const Time time{begin.ms + day * kDayMs};
        EXPECT_EQ(Time::ParseIso(time.Iso().substr(0, 10)), time);
    }
    EXPECT_EQ(Time{begin.ms + 59 * kDayMs}.Iso().substr(0, 10), "2024-02-29");
}

TEST(Iso, AMonthEndsWithItsLastMillisecond) {
    const Time march = *Time::ParseIso("2026-03-01");
    EXPECT_EQ(march.Month(), "2026-03");
    EXPECT_EQ(Time{march.ms - 1}.Month(), "2026-02");
    EXPECT_EQ(Time{march.ms - 1}.Iso(), "2026-02-28T23:59:59.999Z");
}

TEST(Iso, AnOffsetIsTakenOff) {
    const Time noon = *Time::ParseIso("2026-06-01T12:00:00Z");
    for (const char* same :
         {"2026-06-01T14:00:00+02:00",
          "2026-06-01T08:30:00-03:30",
          "2026-06-02T01:45:00+13:45",
          "2026-06-01T12:00Z",
          "2026-06-01T12:00:00.000Z",
          "2026-06-01T12:00:00.0Z"}) {
        EXPECT_EQ(Time::ParseIso(same), noon) << same;
    }
    EXPECT_EQ(Time::ParseIso("2026-06-01T12:00:00.25Z"), Time{noon.ms + 250});
    EXPECT_EQ(Time::ParseIso("2026-06-01T12:00:00.1239Z"), Time{noon.ms + 123})
        << "cut, not rounded";
}

TEST(Iso, WhatIsNoDateIsRefused) {
    for (const char* text :
         {"",
          "2026",
          "2026-06",
          "2026-6-01",
          "2026/06/01",
          "2026-13-01",
          "2026-00-01",
          "2026-06-31",
          "2026-06-00",
          "2025-02-29",
          "2026-06-01 12:00:00Z",
          "2026-06-01T",
          "2026-06-01T12",
          "2026-06-01T12:00",
          "2026-06-01T12:00:00",
          "2026-06-01T24:00:00Z",
          "2026-06-01T12:60:00Z",
          "2026-06-01T12:00:61Z",
          "2026-06-01T12:00:00.Z",
          "2026-06-01T12:00:00+24:00",
          "2026-06-01T12:00:00-00:60",
          "2026-06-01T12:00:00+99:99",
          "2026-06-01T12:00:00z",
          "2026-06-01T12:00:00Z ",
          "2026-06-01T12:00:00+02",
          "2026-06-01T12:00:00+0200",
          "2026-06-01T12:00:00+02:0x",
          "2026-06-01T12:00:00+02:00Z",
          "x026-06-01"}) {
        EXPECT_FALSE(Time::ParseIso(text)) << text;
    }
    EXPECT_FALSE(Time::ParseIso(std::string_view("2026-06-01\0", 11)));
}

TEST(Iso, NothingThatIsCutOffMeansAnotherMoment) {
    const std::string whole = "2026-06-01T12:34:56.789+02:00";
    for (size_t size = 0; size < whole.size(); ++size) {
        const bool date = size == 10;  // alone it is one
        EXPECT_EQ(Time::ParseIso(whole.substr(0, size)).has_value(), date) << size;
    }
}

}  // namespace
}  // namespace barracuda
