// Reports of one source, in their order, a bounded number at a time.
#include "ledger/many.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::ledger {
namespace {

using namespace std::chrono_literals;

domain::Report ReportOf(const std::string& click) {
    domain::Report report;
    report.route = "import";
    report.key = {ClickId(click), GoalId("6"), ""};
    report.given.Set(domain::Field::kAmount, "1");
    report.new_id = ObjectId::New();
    report.command_id = ObjectId::New();
    return report;
}

class ManyTest : public testing::Test {
protected:
    std::unique_ptr<store::Engine> engine_ = [] {
        auto data = std::make_shared<store::MemoryKv::Data>();
        return std::move(*store::KvEngine::Open(std::make_unique<store::MemoryKv>(data)));
    }();
};

// A ledger whose writer stands still until it is let go, at the time that a batch asks for.
class Held {
public:
    Held(store::Engine& engine, size_t queue_max)
        : ledger_(engine, {.node = NodeId("n"), .queue_max = queue_max}, HooksOf()) {}
    ~Held() { Go(); }
    Ledger& operator*() { return ledger_; }
    void Go() {
        if (!gone_.exchange(true)) go_.count_down();
    }

private:
    Hooks HooksOf() {
        Hooks hooks;
        hooks.now = [this] {
            go_.wait();
            return Time{1};
        };
        return hooks;
    }
    std::latch go_{1};
    std::atomic<bool> gone_ = false;
    Ledger ledger_;
};

TEST_F(ManyTest, DecidesInOrderAndEachKeyOnce) {
    Ledger ledger(*engine_, {.node = NodeId("n")}, {});
    std::vector<int> verdicts(6'000, -1);
    Many many(
        ledger,
        {.under_way_max = 100},
        [&](size_t number, Result<domain::Decision> decision) {
            verdicts[number] = decision ? static_cast<int>(decision->verdict) : -2;
        }
    );
    // Every key three times, next to each other: the first one records it.
    for (size_t i = 0; i < verdicts.size(); ++i) many.Add(ReportOf("c" + std::to_string(i / 3)), i);
    many.Wait();
    for (size_t i = 0; i < verdicts.size(); ++i) {
        const auto wanted = i % 3 == 0 ? domain::Verdict::kRecorded : domain::Verdict::kDuplicate;
        ASSERT_EQ(verdicts[i], static_cast<int>(wanted)) << i;
    }
}

TEST_F(ManyTest, NoMoreThanItsBoundAreUnderWay) {
    Held held(*engine_, 1'000);
    std::atomic<size_t> heard = 0;
    // What a batch has taken is no longer in the lane: the writer stands with this one alone.
    ASSERT_TRUE((*held).Submit(ReportOf("first"), 0, [](const auto&) {}));
    while ((*held).depth() > 0) std::this_thread::sleep_for(1ms);
    std::jthread adds([&] {
        Many many(*held, {.under_way_max = 20}, [&](size_t, const auto&) { ++heard; });
        for (size_t i = 0; i < 200; ++i) many.Add(ReportOf("c" + std::to_string(i)), i);
    });
    while ((*held).depth() < 20) std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(50ms);
    EXPECT_EQ((*held).depth(), 20u) << "the rest waits, as long as it takes";
    EXPECT_EQ(heard, 0u);
    held.Go();
    adds.join();
    EXPECT_EQ(heard, 200u);
}

TEST_F(ManyTest, AFullLaneIsWaitedForByOnesOwnAnswers) {
    Held held(*engine_, 8);
    std::atomic<size_t> recorded = 0;
    std::jthread adds([&] {
        Many many(
            *held,
            {.under_way_max = 100},
            [&](size_t, const Result<domain::Decision>& decision) {
                recorded += decision && decision->verdict == domain::Verdict::kRecorded;
            }
        );
        for (size_t i = 0; i < 500; ++i) many.Add(ReportOf("c" + std::to_string(i)), i);
    });
    std::this_thread::sleep_for(20ms);
    held.Go();
    adds.join();
    EXPECT_EQ(recorded, 500u) << "eight at a time, and none of them refused";
}

TEST_F(ManyTest, WhatOthersHaveFilledIsRefusedAfterThePatience) {
    Held held(*engine_, 4);
    auto fill = [&](const std::string& click) {
        return (*held).Submit(ReportOf(click), 0, [](const auto&) {});
    };
    ASSERT_TRUE(fill("first"));
    while ((*held).depth() > 0) std::this_thread::sleep_for(1ms);  // the writer has it, and stands
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(fill("o" + std::to_string(i)));
    ASSERT_FALSE(fill("one too many"));
    std::vector<ErrorCode> refused;
    const size_t lines = 50;
    const auto begun = std::chrono::steady_clock::now();
    {
        Many many(
            *held,
            {.patience = 30ms},
            [&](size_t number, const Result<domain::Decision>& decision) {
                EXPECT_EQ(number, refused.size());
                if (!decision) refused.push_back(decision.error().code);
            }
        );
        for (size_t i = 0; i < lines; ++i) many.Add(ReportOf("mine" + std::to_string(i)), i);
    }
    EXPECT_EQ(refused, std::vector(lines, ErrorCode::kUnavailable));
    const auto took = std::chrono::steady_clock::now() - begun;
    EXPECT_GE(took, 30ms);
    EXPECT_LT(took, lines * 30ms) << "the patience is no line's own";
    held.Go();
}

}  // namespace
}  // namespace barracuda::ledger
