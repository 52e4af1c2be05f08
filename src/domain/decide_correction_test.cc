// What an admin corrects: whose word wins, once a command, and what taking back restores.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/decide.h"

namespace barracuda::domain {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr Time kNow{1'700'000'100'000};

Conversion Stored(Provenance provenance, Status status = Status::kPending) {
    Conversion c;
    c.id = *ObjectId::Parse("65a000000000000000000001");
    c.key = {ClickId("c1"), GoalId("6"), ""};
    c.provenance = provenance;
    c.status = status;
    c.fields.Set(Field::kAmount, "100");
    c.fields.Set(Field::kCurrency, "USD");
    c.rev = 3;
    return c;
}

Report Correcting(std::optional<Status> status, const char* amount = nullptr) {
    Report report;
    report.speaker = Speaker::kAdmin;
    report.key = {ClickId("c1"), GoalId("6"), ""};
    report.status = status;
    if (amount) report.given.Set(Field::kAmount, amount);
    report.command_id = ObjectId::New();
    report.by = "admin:e";
    report.correction = Correction{.rev = 3, .reason = "as agreed"};
    return report;
}

Decision Ask(const std::optional<Conversion>& state, const Report& report) {
    return Decide(state, report, kNow, "node-1");
}

TEST(DecideCorrection, RecordsNothing) {
    auto decision = Ask(std::nullopt, Correcting(Status::kApproved));
    EXPECT_FALSE(decision.document);
    EXPECT_FALSE(decision.changed);
    EXPECT_EQ(decision.verdict, Verdict::kNone);
}

TEST(DecideCorrection, HasItsReasonInTheHistory) {
    auto decision = Ask(Stored(Provenance::kReported), Correcting(Status::kRejected, "50"));
    ASSERT_EQ(decision.corrected, Corrected::kChanged);
    ASSERT_THAT(decision.document->history, SizeIs(2));
    for (const auto& entry : decision.document->history) {
        EXPECT_EQ(entry.reason, "as agreed");
        EXPECT_EQ(entry.by, "admin:e");
    }
    EXPECT_EQ(decision.document->status, Status::kRejected);
    EXPECT_EQ(decision.document->fields.Get(Field::kAmount), "50");
    EXPECT_EQ(decision.document->provenance, Provenance::kReported);
}

TEST(DecideCorrection, OfAnotherRevisionChangesNothing) {
    auto state = Stored(Provenance::kReported);
    state.rev = 4;
    auto decision = Ask(state, Correcting(Status::kApproved));
    EXPECT_EQ(decision.corrected, Corrected::kStale);
    EXPECT_FALSE(decision.changed);
    ASSERT_TRUE(decision.document);
    EXPECT_EQ(decision.document->rev, 4);
}

TEST(DecideCorrection, MovesTheStatusAnyWay) {
    for (auto from : {Status::kPending, Status::kApproved, Status::kRejected}) {
        for (auto to : {Status::kPending, Status::kApproved, Status::kRejected}) {
            auto decision = Ask(Stored(Provenance::kReported, from), Correcting(to));
            EXPECT_EQ(decision.changed, from != to);
            EXPECT_EQ(decision.document->status, to);
            EXPECT_EQ(decision.corrected, from == to ? Corrected::kAlreadySo : Corrected::kChanged);
        }
    }
}

TEST(DecideCorrection, OnlyASumMakesItTheAdmins) {
    auto moved = Ask(Stored(Provenance::kAuto), Correcting(Status::kApproved));
    EXPECT_EQ(moved.document->provenance, Provenance::kAuto) << "the sum is still to be confirmed";
    auto stated = Ask(Stored(Provenance::kAuto), Correcting(std::nullopt, "70"));
    EXPECT_EQ(stated.document->provenance, Provenance::kAdmin);
    EXPECT_FALSE(stated.is_duplicate);
}

TEST(DecideCorrection, OwesNothingWhereNothingChanges) {
    auto report = Correcting(Status::kPending);
    report.deliveries = {{NetworkName("n"), "postback"}};
    auto same = Ask(Stored(Provenance::kReported), report);
    EXPECT_FALSE(same.changed);
    EXPECT_THAT(same.document->deliveries, IsEmpty());
    report.status = Status::kApproved;
    EXPECT_THAT(Ask(Stored(Provenance::kReported), report).document->deliveries, SizeIs(1));
}

TEST(DecideCorrection, OnceACommand) {
    auto report = Correcting(Status::kApproved);
    report.correction->rev.reset();
    auto first = Ask(Stored(Provenance::kReported), report);
    auto state = *first.document;
    auto back = Ask(state, [] {
        auto other = Correcting(Status::kPending);
        other.correction->rev.reset();
        return other;
    }());
    auto again = Ask(*back.document, report);
    EXPECT_EQ(again.corrected, Corrected::kBefore);
    EXPECT_EQ(again.document->status, Status::kPending) << "somebody has moved it since";
}

TEST(DecideCorrection, TakesBackWhatNobodyMovedSince) {
    auto approve = Correcting(Status::kApproved);
    auto state = *Ask(Stored(Provenance::kReported), approve).document;
    Report undo = Correcting(std::nullopt);
    undo.correction = Correction{.reason = "a slip", .undoes = approve.command_id.Hex()};
    auto back = Ask(state, undo);
    EXPECT_EQ(back.corrected, Corrected::kChanged);
    EXPECT_EQ(back.document->status, Status::kPending);
    EXPECT_EQ(back.document->history.back().reason, "a slip");

    auto reject = Correcting(Status::kRejected);
    reject.correction->rev.reset();
    auto moved = Ask(*Ask(state, reject).document, undo);
    EXPECT_EQ(moved.corrected, Corrected::kMeanwhile);
    EXPECT_EQ(moved.document->status, Status::kRejected);
    EXPECT_EQ(Ask(Stored(Provenance::kReported), undo).corrected, Corrected::kMeanwhile);
}

}  // namespace
}  // namespace barracuda::domain
