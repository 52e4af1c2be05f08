// Commands of a thread that waits for all of them.
#include "ledger/submit_and_wait.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::ledger {
namespace {

using namespace std::chrono_literals;

domain::Command ReportOf(int i) {
    domain::Report report;
    report.route = "ftd";
    report.key = {ClickId("c" + std::to_string(i)), GoalId("6"), ""};
    report.given.Set(domain::Field::kAffiliateId, std::to_string(i));
    report.new_id = ObjectId::New();
    report.command_id = ObjectId::New();
    return report;
}

class SubmitAndWaitTest : public testing::Test {
protected:
    std::unique_ptr<store::Engine> engine_ = [] {
        auto data = std::make_shared<store::MemoryKv::Data>();
        return std::move(*store::KvEngine::Open(std::make_unique<store::MemoryKv>(data)));
    }();
    std::unique_ptr<Ledger> Make(Hooks hooks = {}) {
        return std::make_unique<Ledger>(*engine_, Options{.node = NodeId("n")}, std::move(hooks));
    }
};

TEST_F(SubmitAndWaitTest, AnswersInTheOrderOfTheCommands) {
    auto ledger = Make();
    std::vector<domain::Command> commands;
    for (int i = 0; i < 500; ++i) commands.push_back(ReportOf(i));
    std::atomic<size_t> heard = 0;
    auto decisions = SubmitAndWait(*ledger, commands, 10s, [&](size_t i, const auto& decision) {
        heard += decision.document->key.click.value == "c" + std::to_string(i);
    });
    ASSERT_TRUE(decisions);
    ASSERT_EQ(decisions->size(), 500u);
    EXPECT_EQ(heard, 500u);
    for (size_t i = 0; i < 500; ++i) {
        EXPECT_EQ((*decisions)[i].document->key.click.value, "c" + std::to_string(i));
        EXPECT_EQ((*decisions)[i].verdict, domain::Verdict::kRecorded);
    }
}

TEST_F(SubmitAndWaitTest, OfNothingWaitsForNothing) {
    auto ledger = Make();
    auto decisions = SubmitAndWait(*ledger, {}, 10s);
    ASSERT_TRUE(decisions);
    EXPECT_TRUE(decisions->empty());
}

TEST_F(SubmitAndWaitTest, AfterItsPatienceTheyMayStillBeDone) {
    std::latch goes(1);
    auto patient = std::make_shared<std::atomic<int>>(0);
    Hooks hooks;
    hooks.refuse = [&](const auto&) {
        goes.wait();  // the writer is held up
        return std::optional<Error>();
    };
    auto ledger = Make(std::move(hooks));
    auto late =
        SubmitAndWait(*ledger, {ReportOf(1)}, 1ms, [patient](size_t, const auto&) { ++*patient; });
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, ErrorCode::kUnavailable);
    goes.count_down();
    ledger->Stop();
    EXPECT_EQ(*patient, 1) << "who listens still hears of it";
}

TEST_F(SubmitAndWaitTest, AnErrorOfOneIsTold) {
    Hooks hooks;
    hooks.refuse = [](const domain::Report& report) -> std::optional<Error> {
        if (report.key.click.value != "c2") return std::nullopt;
        return Error{ErrorCode::kUnavailable, "not this one", {}};
    };
    auto ledger = Make(std::move(hooks));
    auto decisions = SubmitAndWait(*ledger, {ReportOf(1), ReportOf(2), ReportOf(3)}, 10s);
    ASSERT_FALSE(decisions);
    EXPECT_EQ(decisions.error().message, "not this one");
}

TEST_F(SubmitAndWaitTest, ACorrectionIsNotRefusedByTheGoalsRules) {
    Hooks hooks;
    hooks.refuse = [](const domain::Report&) {
        return std::optional(Error{ErrorCode::kUnavailable, "the goal rules changed", {}});
    };
    auto ledger = Make(std::move(hooks));
    auto correction = std::get<domain::Report>(ReportOf(1));
    correction.correction = domain::Correction{};
    auto decisions = SubmitAndWait(*ledger, {correction}, 10s);
    ASSERT_TRUE(decisions);
    EXPECT_EQ((*decisions)[0].verdict, domain::Verdict::kNone) << "there is nothing to correct";
    EXPECT_EQ(ledger->counters().recorded + ledger->counters().duplicate, 0u) << "nobody reported";
}

}  // namespace
}  // namespace barracuda::ledger
