#include "app/fault_log.h"

#include <gtest/gtest.h>

#include <vector>

namespace barracuda::app {
namespace {

class FaultLogTest : public testing::Test {
protected:
    std::vector<std::string> lines_;
    FaultLog faults_{[this](Level level, std::string_view message, LogFields fields) {
        lines_.push_back(LogLine(false, "2026-01-31T23:59:59.123Z", level, message, fields));
    }};
    FaultLog::Clock::time_point now_ = FaultLog::Clock::now();
};

TEST_F(FaultLogTest, TheFirstIsALineAtOnceAndTheRestOfAMinuteIsOne) {
    for (int i = 0; i < 1'000; ++i) {
        faults_.Report(Fault::kStore, "conversions", "not authorized " + std::to_string(i));
    }
    ASSERT_EQ(lines_.size(), 1u);
    EXPECT_EQ(
        lines_[0],
        "23:59:59 error: a fault of ours kind=store subject=conversions why=not authorized 0 "
        "count=1\n"
    );
    faults_.Look(now_ + std::chrono::seconds(30));
    EXPECT_EQ(lines_.size(), 1u);
    faults_.Look(now_ + FaultLog::kQuiet * 2);
    ASSERT_EQ(lines_.size(), 2u);
    EXPECT_NE(lines_[1].find("not authorized 999 count=999"), std::string::npos) << lines_[1];
    EXPECT_EQ(faults_.counts()[static_cast<size_t>(Fault::kStore)], 1'000u);
    EXPECT_EQ(faults_.counts()[static_cast<size_t>(Fault::kRoute)], 0u);
}

TEST_F(FaultLogTest, KindsAndSubjectsHaveLinesOfTheirOwnWithinABound) {
    faults_.Report(Fault::kRoute, "/api/ftd", "a");
    faults_.Report(Fault::kRoute, "/api/contact", "b");
    faults_.Report(Fault::kAnswer, "/api/ftd", "c");
    EXPECT_EQ(lines_.size(), 3u);
    for (int i = 0; i < 10'000; ++i) faults_.Report(Fault::kLog, std::to_string(i), "d");
    EXPECT_LE(lines_.size(), FaultLog::kSubjectsMax + 3);
}

TEST_F(FaultLogTest, NoPersonAndNoSecondLineGetIntoALine) {
    faults_.Report(Fault::kStore, "contacts", "dup key: { e: \"jane@example.com\" }\nx\x01y");
    ASSERT_EQ(lines_.size(), 1u);
    EXPECT_EQ(lines_[0].find("example"), std::string::npos) << lines_[0];
    EXPECT_NE(lines_[0].find("why=dup key: { e: *** } x y"), std::string::npos) << lines_[0];
    faults_.Report(Fault::kLedger, "x", std::string(10'000, 'x'));
    EXPECT_LT(lines_[1].size(), 512u);
    faults_.Report(Fault::kLedger, "x", "again");
    faults_.Finish();
    EXPECT_NE(lines_.back().find("again"), std::string::npos) << "nothing is untold at a stop";
}

}  // namespace
}  // namespace barracuda::app
