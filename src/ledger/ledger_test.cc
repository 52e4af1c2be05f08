#include "ledger/ledger.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <future>
#include <latch>

#include "store/forwarding_engine.h"
#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::ledger {
namespace {

using domain::Verdict;

domain::Report ReportOf(const std::string& click) {
    domain::Report report;
    report.route = "ftd";
    report.key = {ClickId(click), GoalId("6"), ""};
    report.goal_type = domain::GoalType::kDeposit;
    report.given.Set(domain::Field::kAffiliateId, "7");
    report.given.Set(domain::Field::kAmount, "10");
    report.new_id = ObjectId::New();
    report.command_id = ObjectId::New();
    return report;
}

// Answers another writer's document as `lost`, a number of times.
class LosingEngine final : public store::ForwardingEngine {
public:
    explicit LosingEngine(std::unique_ptr<store::Engine> inner)
        : ForwardingEngine(*inner), inner_(std::move(inner)) {}
    std::atomic<int> lose = 0;
    std::atomic<int> commits = 0;

    Result<std::vector<store::WriteResult>> Commit(std::span<const store::Write> writes) override {
        ++commits;
        if (lose > 0) {
            --lose;
            return std::vector<store::WriteResult>(writes.size(), store::WriteState::kLost);
        }
        return ForwardingEngine::Commit(writes);
    }

private:
    std::unique_ptr<store::Engine> inner_;
};

class LedgerTest : public testing::Test {
protected:
    std::shared_ptr<store::MemoryKv::Data> data_ = std::make_shared<store::MemoryKv::Data>();
    std::unique_ptr<LosingEngine> engine_ = [this] {
        auto opened = store::KvEngine::Open(std::make_unique<store::MemoryKv>(data_));
        return std::make_unique<LosingEngine>(std::move(*opened));
    }();

    std::unique_ptr<Ledger> Make(Options options = {}, Hooks hooks = {}) {
        options.node = "boot";
        return std::make_unique<Ledger>(*engine_, options, std::move(hooks));
    }

    static Result<domain::Decision> Ask(Ledger& ledger, domain::Command command) {
        std::promise<Result<domain::Decision>> promise;
        auto answer = promise.get_future();
        bool taken = ledger.Submit(std::move(command), 0, [&](Result<domain::Decision> decision) {
            promise.set_value(std::move(decision));
        });
        EXPECT_TRUE(taken);
        return answer.get();
    }
};

TEST_F(LedgerTest, EqualReportsReleasedTogetherRecordOnce) {
    auto ledger = Make();
    constexpr int kThreads = 8, kEach = 50;
    std::latch start(kThreads), done(kThreads * kEach);
    std::atomic<int> recorded = 0, confirmed = 0;
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&] {
            start.arrive_and_wait();
            for (int i = 0; i < kEach; ++i) {
                bool taken = ledger->Submit(ReportOf("one"), 0, [&](auto decision) {
                    recorded += decision->verdict == Verdict::kRecorded;
                    confirmed += !decision->is_duplicate;
                    done.count_down();
                });
                ASSERT_TRUE(taken);
            }
        });
    }
    done.wait();
    EXPECT_EQ(recorded, 1);
    EXPECT_EQ(confirmed, 1);
}

TEST_F(LedgerTest, ALostWriteIsDecidedAgainAndIsNoErrorOfItsOwn) {
    auto ledger = Make();
    engine_->lose = 3;
    auto decision = Ask(*ledger, ReportOf("lost"));
    ASSERT_TRUE(decision);
    EXPECT_EQ(decision->verdict, Verdict::kRecorded);
    EXPECT_EQ(engine_->commits, 4);
    EXPECT_EQ(ledger->counters().lost, 3u);
}

TEST_F(LedgerTest, DecidingAgainIsBounded) {
    auto ledger = Make();
    engine_->lose = 100;
    auto decision = Ask(*ledger, ReportOf("hopeless"));
    ASSERT_FALSE(decision);
    EXPECT_EQ(decision.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(engine_->commits, 8);
}

TEST_F(LedgerTest, NothingIsAnsweredAsStoredWhenTheStoreFails) {
    auto ledger = Make();
    ASSERT_TRUE(Ask(*ledger, ReportOf("before")));
    data_->fail_writes = true;
    auto failed = Ask(*ledger, ReportOf("during"));
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::kUnavailable);
    data_->fail_writes = false;  // a failed sync leaves the state unknown: refused until a restart
    EXPECT_FALSE(Ask(*ledger, ReportOf("after")));
}

TEST_F(LedgerTest, NothingIsDecidedOnADocumentThatCannotBeRead) {
    auto ledger = Make();
    const store::Ref ref = store::RefOf(ReportOf("c").key);
    auto states = engine_->Commit(std::array{
        store::Write{.ref = ref, .before = std::nullopt, .after = "no document"}});
    ASSERT_EQ(states->front(), store::WriteState::kApplied);
    auto decided = Ask(*ledger, ReportOf("c"));
    ASSERT_FALSE(decided);
    std::promise<Result<EditState>> edited;  // a person is erased from it
    ledger->Edit(
        ref,
        [](const auto&) {
            return EditPlan{true, std::nullopt};
        },
        [&](auto state) { edited.set_value(std::move(state)); }
    );
    auto state = edited.get_future().get();
    ASSERT_FALSE(state);
    EXPECT_EQ(state.error().message, decided.error().message);
}

// In one batch: the document must not look absent to what comes after the edit.
TEST_F(LedgerTest, AnEditThatLeavesRubbishIsNotWrittenAndRecordsNothingAnew) {
    auto ledger = Make();
    ASSERT_TRUE(Ask(*ledger, ReportOf("c")));
    const store::Ref ref = store::RefOf(ReportOf("c").key);
    const auto stood = engine_->Load(std::span(&ref, 1))->front();
    std::promise<void> gate, held;
    std::promise<Result<EditState>> edited;
    std::promise<Result<domain::Decision>> decided;
    ledger->Edit(  // holds the writer until both below are queued
        {store::Collection::kSettings, "gate"},
        [open = gate.get_future().share(), &held](const auto&) {
            held.set_value();
            open.wait();
            return EditPlan{};
        },
        [](auto) {}
    );
    held.get_future().wait();  // else a batch could take the gate and one of the two
    ledger->Edit(
        ref,
        [](const auto&) {
            return EditPlan{true, "no document"};
        },
        [&](auto state) { edited.set_value(std::move(state)); }
    );
    ledger->SubmitInternal(ReportOf("c"), [&](auto decision) {
        decided.set_value(std::move(decision));
    });
    gate.set_value();
    auto state = edited.get_future().get();
    auto decision = decided.get_future().get();
    ASSERT_FALSE(state);
    ASSERT_FALSE(decision) << "503, and tried again";
    EXPECT_EQ(decision.error().code, ErrorCode::kUnavailable);
    EXPECT_FALSE(decision.error().cause.empty());
    EXPECT_EQ(engine_->Load(std::span(&ref, 1))->front(), stood);
    EXPECT_EQ(Ask(*ledger, ReportOf("c"))->verdict, Verdict::kDuplicate);
}

TEST_F(LedgerTest, AFullLaneRefusesRoutesButNeverInternalSteps) {
    std::latch hold(1);
    Hooks hooks;
    hooks.now = [&] {
        hold.wait();
        return Time{1};
    };
    auto ledger = Make({.node = "", .queue_max = 4}, hooks);
    std::atomic<int> answered = 0, taken = 0;
    for (int i = 0; i < 100; ++i) {
        auto done = [&](auto) { ++answered; };
        taken += ledger->Submit(ReportOf("c" + std::to_string(i)), 0, done);
        const store::Ref form{store::Collection::kContacts, std::to_string(i)};
        taken += ledger->SubmitEdit(
            form, [](const auto&) { return EditPlan{}; }, done
        );
    }
    EXPECT_LE(taken, 4 + 4);  // at most one batch under way and a full lane
    EXPECT_EQ(ledger->counters().refused, 200u - static_cast<unsigned>(taken));
    std::atomic<int> internal = 0;
    for (int i = 0; i < 100; ++i) {
        ledger->SubmitInternal(ReportOf("i" + std::to_string(i)), [&](auto decision) {
            internal += decision.has_value();
        });
        const store::Ref job{store::Collection::kSettings, std::to_string(i)};
        ledger->Edit(
            job,
            [](const auto&) { return EditPlan{}; },
            [&](auto state) { internal += state.has_value(); }
        );
    }
    hold.count_down();
    ledger->Stop();
    EXPECT_EQ(internal, 200);
    EXPECT_EQ(answered, taken);
}

TEST_F(LedgerTest, HooksSeeWhatIsOwedAfterTheCommit) {
    std::atomic<int> owed = 0, written = 0;
    Hooks hooks;
    hooks.owed = [&](const domain::Conversion& conversion, const std::vector<DeliveryId>& ids) {
        store::Ref ref = store::RefOf(conversion.key);
        auto loaded = engine_->Load(std::span(&ref, 1));
        EXPECT_TRUE(loaded->front());  // durable before anybody may send
        EXPECT_EQ(conversion.owner, "boot");
        owed += static_cast<int>(ids.size());
    };
    hooks.written = [&](const domain::Conversion&) { ++written; };
    auto ledger = Make({}, hooks);
    auto report = ReportOf("owing");
    ASSERT_TRUE(Ask(*ledger, report));
    report.deliveries.push_back({"default", "goal_postback"});
    auto duplicate = Ask(*ledger, report);
    EXPECT_EQ(duplicate->verdict, Verdict::kDuplicate);
    ASSERT_TRUE(Ask(*ledger, report));
    EXPECT_EQ(owed, 1);
    EXPECT_EQ(written, 2);
    auto work = engine_->Work({.until = Time::Now(), .limit = 10});
    EXPECT_EQ(work->size(), 1u);
}

TEST_F(LedgerTest, AReportMayBeRefusedRightBeforeItIsDecided) {
    std::atomic<bool> refuse = true;
    Hooks hooks;
    hooks.refuse = [&](const domain::Report& report) -> std::optional<Error> {
        if (!refuse || report.goal_epoch == 7) return std::nullopt;
        return Error{ErrorCode::kUnavailable, "the goal rules changed", {}};
    };
    auto ledger = Make({}, hooks);
    auto report = ReportOf("by an old rule");
    auto refused = Ask(*ledger, report);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(engine_->commits, 0);
    report.goal_epoch = 7;
    EXPECT_TRUE(Ask(*ledger, report));
    EXPECT_TRUE(Ask(*ledger, domain::TakeOver{report.key, "x"})) << "reports only";
}

TEST_F(LedgerTest, OwnsUnderItsNewNameFromNowOn) {
    auto ledger = Make();
    auto report = ReportOf("before");
    report.deliveries.push_back({"default", "goal_postback"});
    EXPECT_EQ(Ask(*ledger, report)->document->owner, "boot");
    ledger->SetNode("again");
    EXPECT_EQ(ledger->node(), "again");
    auto after = ReportOf("after");
    after.deliveries = report.deliveries;
    EXPECT_EQ(Ask(*ledger, after)->document->owner, "again");
    EXPECT_EQ(Ask(*ledger, domain::TakeOver{report.key, "boot"})->document->owner, "again");
}

TEST_F(LedgerTest, EditsWriteDeleteAndReportATakenValue) {
    auto ledger = Make();
    store::Ref ref{store::Collection::kAdmins, "a@example.test"};
    auto edit = [&](EditFunction function) {
        std::promise<Result<EditState>> promise;
        ledger->Edit(ref, std::move(function), [&](auto state) { promise.set_value(state); });
        return promise.get_future().get();
    };
    std::string empty("\x05\0\0\0\0", 5);
    auto write = edit([&](const auto& stored) { return EditPlan{!stored, empty}; });
    EXPECT_EQ(*write, EditState::kWritten);
    auto again = edit([&](const auto& stored) { return EditPlan{!stored, empty}; });
    EXPECT_EQ(*again, EditState::kUnchanged);
    EXPECT_EQ(*edit([](const auto&) { return EditPlan{true, std::nullopt}; }), EditState::kWritten);
    EXPECT_FALSE(engine_->Load(std::span(&ref, 1))->front());
}

}  // namespace
}  // namespace barracuda::ledger
