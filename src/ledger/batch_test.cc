// One batch at a time, by hand: what is written, which revision everybody is told, and that nothing
// is answered as stored before the store has said so.
#include "ledger/batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "domain/bson.h"
#include "store/forwarding_engine.h"
#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::ledger {
namespace {

using domain::Verdict;
using store::WriteState;
using testing::ElementsAre;
using testing::SizeIs;

// Answers as the script says, then as the store does; notes what it was asked.
class ScriptedEngine final : public store::ForwardingEngine {
public:
    explicit ScriptedEngine(std::unique_ptr<store::Engine> inner)
        : ForwardingEngine(*inner), inner_(std::move(inner)) {}

    std::deque<WriteState> script;  // one a Commit: for all of its writes
    std::deque<Error> errors;       // of whole Commits; they come first
    std::vector<size_t> loads, commits;

    Result<std::vector<std::optional<std::string>>> Load(std::span<const store::Ref> refs
    ) override {
        loads.push_back(refs.size());
        return ForwardingEngine::Load(refs);
    }
    Result<std::vector<store::WriteResult>> Commit(std::span<const store::Write> writes) override {
        commits.push_back(writes.size());
        if (!errors.empty()) {
            Error error = errors.front();
            errors.pop_front();
            return Fail(error);
        }
        if (script.empty()) return ForwardingEngine::Commit(writes);
        const WriteState state = script.front();
        script.pop_front();
        return std::vector<store::WriteResult>(writes.size(), {state, "as the script says"});
    }

private:
    std::unique_ptr<store::Engine> inner_;
};

domain::Report ReportOf(const std::string& click, const std::string& amount = "10") {
    domain::Report report;
    report.route = "ftd";
    report.key = {ClickId(click), GoalId("6"), ""};
    report.goal_type = domain::GoalType::kDeposit;
    report.given.Set(domain::Field::kAmount, amount);
    report.new_id = ObjectId::New();
    report.command_id = ObjectId::New();
    return report;
}

domain::Report AdminReportOf(const std::string& click, const std::string& amount) {
    domain::Report report = ReportOf(click, amount);
    report.speaker = domain::Speaker::kAdmin;
    report.by = "admin:ann@example.test";
    return report;
}

class BatchTest : public testing::Test {
protected:
    std::shared_ptr<store::MemoryKv::Data> data_ = std::make_shared<store::MemoryKv::Data>();
    ScriptedEngine engine_{
        std::move(*store::KvEngine::Open(std::make_unique<store::MemoryKv>(data_)))};
    Options options_{.node = "boot", .rounds_max = 3};
    Hooks hooks_ = [] {
        Hooks hooks;
        hooks.now = [] { return Time{1'000}; };
        return hooks;
    }();
    std::vector<Entry> entries_;

    void Add(domain::Command command) {
        Entry& entry = entries_.emplace_back();
        entry.ref = store::RefOf(domain::KeyOf(command));
        entry.work = CommandWork{std::move(command), nullptr};
    }
    void Add(store::Ref ref, EditFunction edit) {
        Entry& entry = entries_.emplace_back();
        entry.ref = std::move(ref);
        entry.work = EditWork{std::move(edit), nullptr};
    }
    // Runs them; -> writes lost by round, as the ledger counts them.
    std::vector<uint64_t> Run(Recent* recent = nullptr) {
        std::vector<uint64_t> lost;
        Batch batch(engine_, options_, hooks_, "boot", recent, entries_);
        batch.Run([&](uint64_t count) { lost.push_back(count); });
        for (const auto& entry : entries_) EXPECT_FALSE(entry.open());
        return lost;
    }
    const domain::Decision& Decided(size_t i) { return **entries_[i].command()->answer; }
    const Error& Refusal(size_t i) { return entries_[i].command()->answer->error(); }
    std::optional<domain::Conversion> Stored(const std::string& click) {
        const store::Ref ref = store::RefOf(ReportOf(click).key);
        const auto loaded = engine_.Load(std::span(&ref, 1));
        if (!loaded->front()) return std::nullopt;
        return *domain::DecodeConversion(*loaded->front());
    }
};

TEST_F(BatchTest, AllCommandsOfOneDocumentAreOneWriteAndOneRevision) {
    Add(ReportOf("a"));
    Add(AdminReportOf("a", "20"));
    Add(AdminReportOf("a", "30"));
    Run();
    EXPECT_THAT(engine_.commits, ElementsAre(1));
    EXPECT_EQ(Decided(0).verdict, Verdict::kRecorded);
    EXPECT_EQ(Decided(2).verdict, Verdict::kUpdated);
    for (size_t i = 0; i < entries_.size(); ++i) {
        EXPECT_EQ(Decided(i).document->rev, 1) << i << ": nobody is told a revision of no document";
    }
    EXPECT_EQ(Stored("a")->rev, 1);
    EXPECT_EQ(Stored("a")->fields.Get(domain::Field::kAmount), "30");

    entries_.clear();
    Add(AdminReportOf("a", "40"));
    Add(AdminReportOf("a", "50"));
    Add(ReportOf("a", "60"));  // changes nothing, and sees the write it stands in
    Run();
    for (size_t i = 0; i < entries_.size(); ++i) EXPECT_EQ(Decided(i).document->rev, 2) << i;
    EXPECT_EQ(Decided(2).verdict, Verdict::kDuplicate);
    EXPECT_EQ(Stored("a")->rev, 2);
}

TEST_F(BatchTest, WhatChangesNothingKeepsItsRevisionAndWritesNothing) {
    Add(ReportOf("a"));
    Run();
    engine_.commits.clear();
    entries_.clear();
    Add(ReportOf("a"));
    Run();
    EXPECT_THAT(engine_.commits, SizeIs(0));
    EXPECT_EQ(Decided(0).verdict, Verdict::kDuplicate);
    EXPECT_EQ(Decided(0).document->rev, 1);
}

TEST_F(BatchTest, AnEditAndCommandsOfOneBatchSeeEachOther) {
    Add(ReportOf("a"));
    Add(store::RefOf(ReportOf("a").key), [](const std::optional<std::string>& stored) {
        EXPECT_TRUE(stored) << "what the report before it records";
        auto conversion = *domain::DecodeConversion(*stored);
        conversion.fields.Set(domain::Field::kSub1, "edited");
        return EditPlan{true, domain::Encode(conversion)};
    });
    Add(AdminReportOf("a", "70"));
    Run();
    EXPECT_EQ(**entries_[1].edit().answer, EditState::kWritten);
    EXPECT_EQ(Decided(2).document->fields.Get(domain::Field::kSub1), "edited");
    EXPECT_EQ(Stored("a")->fields.Get(domain::Field::kSub1), "edited");
    EXPECT_EQ(Stored("a")->fields.Get(domain::Field::kAmount), "70");
    EXPECT_EQ(Stored("a")->rev, 1) << "one write";
}

TEST_F(BatchTest, AnEditOfAConversionIsARevisionMoreWhateverItSays) {
    Add(ReportOf("a"));
    Run();
    entries_.clear();
    Add(store::RefOf(ReportOf("a").key), [](const std::optional<std::string>& stored) {
        auto conversion = *domain::DecodeConversion(*stored);
        conversion.rev = 77;
        return EditPlan{true, domain::Encode(conversion)};
    });
    Run();
    EXPECT_EQ(Stored("a")->rev, 2);
}

TEST_F(BatchTest, ADeletedConversionIsRecordedAnewByWhatComesBehind) {
    Add(ReportOf("a"));
    Run();
    entries_.clear();
    Add(store::RefOf(ReportOf("a").key), [](const auto&) { return EditPlan{true, std::nullopt}; });
    Add(ReportOf("a", "11"));
    Run();
    EXPECT_EQ(Decided(1).verdict, Verdict::kRecorded);
    EXPECT_EQ(Stored("a")->fields.Get(domain::Field::kAmount), "11");
}

TEST_F(BatchTest, ALostWriteIsDecidedOnWhatIsStoredByThen) {
    engine_.script = {WriteState::kLost};
    Add(ReportOf("a"));
    Add(ReportOf("b"));
    EXPECT_THAT(Run(), ElementsAre(2, 0));
    EXPECT_THAT(engine_.loads, ElementsAre(2, 2));
    EXPECT_EQ(Decided(0).verdict, Verdict::kRecorded);
    EXPECT_EQ(Stored("b")->rev, 1);
}

TEST_F(BatchTest, AWriteThatIsLostForEverEndsAfterItsRounds) {
    engine_.script.assign(10, WriteState::kLost);
    Add(ReportOf("a"));
    Run();
    EXPECT_THAT(engine_.commits, SizeIs(3));
    EXPECT_EQ(Refusal(0).code, ErrorCode::kUnavailable);
    EXPECT_FALSE(Stored("a"));
}

TEST_F(BatchTest, OneDocumentsTroubleLeavesTheOthersTheirAnswers) {
    Add(ReportOf("good"));
    Add({store::Collection::kConversions, store::RefOf(ReportOf("bad").key).key}, [](const auto&) {
        return EditPlan{true, "no document"};
    });
    Add(ReportOf("bad"));
    Run();
    EXPECT_EQ(Decided(0).verdict, Verdict::kRecorded);
    EXPECT_FALSE(*entries_[1].edit().answer);
    EXPECT_EQ(Refusal(2).code, ErrorCode::kUnavailable);
    EXPECT_FALSE(Stored("bad"));
}

TEST_F(BatchTest, AFailedWriteIsDoubtedOnlyWhereItWouldBeTheFirst) {
    std::vector<store::Ref> doubted;
    hooks_.unsure = [&](const store::Ref& ref) { doubted.push_back(ref); };
    Add(ReportOf("old"));
    Run();
    entries_.clear();
    engine_.script = {WriteState::kFailed};
    Add(AdminReportOf("old", "20"));
    Add(ReportOf("new"));
    Run();
    EXPECT_EQ(Refusal(0).code, ErrorCode::kUnavailable);
    EXPECT_EQ(Refusal(1).cause, "as the script says") << "for the operator alone";
    EXPECT_EQ(Refusal(1).message.find("script"), std::string::npos);
    EXPECT_THAT(doubted, ElementsAre(store::RefOf(ReportOf("new").key)));
}

TEST_F(BatchTest, ATakenUniqueValueIsAConflictForACommandAndARefusalForAnEdit) {
    engine_.script = {WriteState::kRefused};
    Add(ReportOf("a"));
    Add({store::Collection::kContacts, "c"}, [](const auto&) {
        return EditPlan{true, std::string("\5\0\0\0\0", 5)};
    });
    Run();
    EXPECT_EQ(Refusal(0).code, ErrorCode::kConflict);
    EXPECT_EQ(**entries_[1].edit().answer, EditState::kRefused);
}

// What changed nothing was decided on the same unwritten documents.
TEST_F(BatchTest, ACommitThatFailsAsAWholeAnswersNobodyAsStored) {
    Add(ReportOf("a"));
    Run();
    entries_.clear();
    engine_.errors = {{ErrorCode::kUnavailable, "the store is away", {}, {}}};
    Add(ReportOf("a"));
    Add(ReportOf("b"));
    Run();
    EXPECT_EQ(Refusal(0).message, "the store is away");
    EXPECT_EQ(Refusal(1).message, "the store is away");
    EXPECT_FALSE(Stored("b"));
}

TEST_F(BatchTest, AGuessThatHoldsCostsNoLoad) {
    Recent recent;
    Add(ReportOf("a"));
    Run(&recent);
    EXPECT_THAT(engine_.loads, SizeIs(0));
    EXPECT_THAT(engine_.commits, ElementsAre(1));
    EXPECT_TRUE(recent.Knows(store::RefOf(ReportOf("a").key)));
}

TEST_F(BatchTest, AGuessThatIsWrongIsLoadedAndTheAnswerIsTheStores) {
    Add(ReportOf("a"));
    Run();  // another node's
    engine_.loads.clear();
    entries_.clear();
    Recent recent;
    Add(ReportOf("a"));
    EXPECT_THAT(Run(&recent), ElementsAre(1, 0));
    EXPECT_THAT(engine_.loads, ElementsAre(1));
    EXPECT_EQ(Decided(0).verdict, Verdict::kDuplicate);
    EXPECT_EQ(Decided(0).document->rev, 1);
}

TEST_F(BatchTest, GuessesAreWrittenBeforeAnythingIsLoaded) {
    Recent recent;
    Add(ReportOf("known"));
    Run(&recent);
    entries_.clear();
    engine_.loads.clear();
    engine_.commits.clear();
    Add(ReportOf("known"));
    Add(ReportOf("fresh"));
    Run(&recent);
    EXPECT_THAT(engine_.loads, ElementsAre(1)) << "the known one alone";
    EXPECT_THAT(engine_.commits, ElementsAre(1)) << "the fresh one alone";
    EXPECT_EQ(Decided(0).verdict, Verdict::kDuplicate);
    EXPECT_EQ(Decided(1).verdict, Verdict::kRecorded);
}

TEST_F(BatchTest, WhatFailedIsNotRememberedAsStored) {
    Recent recent;
    engine_.script = {WriteState::kFailed};
    Add(ReportOf("a"));
    Run(&recent);
    EXPECT_FALSE(recent.Find(store::RefOf(ReportOf("a").key)));
    entries_.clear();
    engine_.commits.clear();
    Add(ReportOf("a"));
    Run(&recent);
    EXPECT_EQ(Decided(0).verdict, Verdict::kRecorded) << "it never was";
}

TEST_F(BatchTest, ARefusedReportIsNoPartOfTheDecision) {
    hooks_.refuse = [](const domain::Report& report) -> std::optional<Error> {
        if (report.given.Get(domain::Field::kAmount) != "13") return std::nullopt;
        return Error{ErrorCode::kUnavailable, "not now", {}, {}};
    };
    Add(ReportOf("a", "13"));
    Add(ReportOf("a", "14"));
    Run();
    EXPECT_EQ(Refusal(0).message, "not now");
    EXPECT_EQ(Decided(1).verdict, Verdict::kRecorded);
    EXPECT_EQ(Stored("a")->fields.Get(domain::Field::kAmount), "14");
}

}  // namespace
}  // namespace barracuda::ledger
