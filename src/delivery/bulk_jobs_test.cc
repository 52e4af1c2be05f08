// Jobs over conversions, over a real store: which ones, once each over restarts, and taken back.
#include <gmock/gmock.h>

#include "delivery/replay_fixture.h"

namespace barracuda::delivery {
namespace {

using domain::DeliveryState;
using domain::Status;
using testing::IsEmpty;
using testing::SizeIs;

class BulkJobsTest : public DeliveriesFixture {
protected:
    ReplayJob Begin(JobAction action, Bulk bulk, int rate = 1'000'000) {
        std::promise<ReplayJob> made;
        jobs_->CreateBulk(action, std::move(bulk), rate, "admin:me", {}, [&](auto job) {
            ASSERT_TRUE(job);
            made.set_value(*job);
        });
        return made.get_future().get();
    }
    Status StatusOf(int i) { return Read(i).status; }
    std::vector<domain::Conversion> Pending(int count) {
        std::vector<domain::Conversion> all;
        for (int i = 0; i < count; ++i) all.push_back(Made(i, DeliveryState::kDone));
        Store(all);
        return all;
    }
    void Move(int i, Status to) {
        domain::Report report;
        report.speaker = domain::Speaker::kAdmin;
        report.key = Read(i).key;
        report.status = to;
        report.command_id = ObjectId::New();
        report.correction = domain::Correction{};
        std::promise<void> moved;
        ledger_->SubmitInternal(report, [&](auto) { moved.set_value(); });
        moved.get_future().wait();
    }
    static Bulk Of(report::Filter filter) { return {.filter = std::move(filter), .reason = "why"}; }
};

INSTANTIATE_TEST_SUITE_P(Kinds, BulkJobsTest, testing::Bool(), KindOfStore);

TEST_P(BulkJobsTest, ApprovesWhatFitsAndSaysWhoAndWhy) {
    Pending(40);
    report::Filter filter{.statuses = {Status::kPending}, .affiliates = {"seven"}};
    auto count = jobs_->DryRun(Of(filter), 1'000'000);
    ASSERT_TRUE(count);
    EXPECT_EQ(count->matched, 14u);
    jobs_->Start();
    auto job = UntilDone(Begin(JobAction::kApprove, Of(filter)).id);
    EXPECT_EQ(job.matched, 14);
    EXPECT_EQ(job.replayed, 14);
    EXPECT_EQ(job.skips, 0);
    for (int i = 0; i < 40; ++i) {
        EXPECT_EQ(StatusOf(i) == Status::kApproved, i % 3 == 0) << i;
    }
    const auto entry = Read(0).history.back();
    EXPECT_EQ(entry.by, "admin:me (job " + job.id + ")");
    EXPECT_EQ(entry.reason, "why");
}

TEST_P(BulkJobsTest, OfIdsItNamesWhatItLeaves) {
    auto all = Pending(3);
    Move(1, Status::kRejected);
    Bulk bulk{.ids = {all[0].id.Hex(), all[1].id.Hex(), ObjectId::New().Hex()}, .reason = "no"};
    std::sort(bulk.ids.begin(), bulk.ids.end());
    jobs_->Start();
    auto job = UntilDone(Begin(JobAction::kReject, bulk).id);
    EXPECT_EQ(job.replayed, 1);
    ASSERT_THAT(job.skipped, SizeIs(2));
    EXPECT_EQ(job.skips, 2);
    std::map<std::string, std::string> why;
    for (const auto& skip : job.skipped) why[skip.id] = skip.why;
    EXPECT_EQ(why[all[1].id.Hex()], "it is rejected already");
    EXPECT_EQ(StatusOf(2), Status::kPending);
}

TEST_P(BulkJobsTest, IsTakenBackWhereNobodyMovedItSince) {
    Pending(20);
    jobs_->Start();
    report::Filter filter{.statuses = {Status::kPending}};
    auto job = UntilDone(Begin(JobAction::kApprove, Of(filter)).id);
    Move(3, Status::kRejected);
    auto undo = UntilDone(Begin(JobAction::kUndo, UndoOf(*jobs_->Find(job.id))).id);
    EXPECT_EQ(undo.replayed, 19);
    ASSERT_THAT(undo.skipped, SizeIs(1));
    EXPECT_EQ(undo.skipped[0].why, "its status was changed since");
    EXPECT_EQ(undo.bulk.undoes, job.id);
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(StatusOf(i), i == 3 ? Status::kRejected : Status::kPending) << i;
    }
}

TEST_P(BulkJobsTest, GoesOnAfterARestartAndHandlesEachOnce) {
    Pending(60);
    ReplayOptions slow;
    slow.page = 7;
    Restart(slow);
    jobs_->Start();
    const auto id = Begin(JobAction::kApprove, Of({.statuses = {Status::kPending}}), 70).id;
    Until(id, [](const auto& job) { return job.replayed >= 14; });
    Restart(slow);
    Move(0, Status::kPending);  // somebody takes one of them back meanwhile
    jobs_->Start();
    auto job = UntilDone(id);
    EXPECT_EQ(job.replayed, 60) << "a page that was handled before the end counts once";
    EXPECT_EQ(job.skips, 0);
    EXPECT_EQ(StatusOf(0), Status::kPending);
    for (int i = 1; i < 60; ++i) {
        const auto row = Read(i);
        EXPECT_EQ(row.status, Status::kApproved);
        EXPECT_THAT(row.history, SizeIs(1)) << "changed once";
    }
}

TEST_P(BulkJobsTest, ARepeatedPageIsCountedAgainAndDoneOnce) {
    auto all = Pending(5);
    jobs_->Start();
    auto job = UntilDone(Begin(JobAction::kApprove, Of({.statuses = {Status::kPending}})).id);
    std::vector<domain::Conversion> rows;
    for (int i = 0; i < 5; ++i) rows.push_back(Read(i));
    auto again = HandleBulk(*ledger_, job, rows, {});
    ASSERT_TRUE(again);
    EXPECT_EQ(again->done, 5);
    EXPECT_THAT(again->skipped, IsEmpty());
    EXPECT_THAT(Read(0).history, SizeIs(1));
}

TEST_P(BulkJobsTest, SendsTheDeadOnesAgain) {
    Store({Made(1, DeliveryState::kDead), Made(2, DeliveryState::kDone)});
    jobs_->Start();
    auto job = UntilDone(Begin(JobAction::kResend, Of({})).id);
    EXPECT_EQ(job.replayed, 1);
    EXPECT_EQ(job.skips, 1);
    EXPECT_EQ(Read(1).deliveries[0].state, DeliveryState::kWaiting);
    EXPECT_FALSE(MayBeUndone(job.action));
}

TEST_P(BulkJobsTest, WhatIsRecordedAfterItIsNotItsBusiness) {
    Pending(2);
    End();
    ReplayOptions options;
    options.now = [] { return Time{kStart}; };  // of the first of the two
    Live(options);
    jobs_->Start();
    EXPECT_EQ(UntilDone(Begin(JobAction::kApprove, Of({})).id).replayed, 1);
    EXPECT_EQ(StatusOf(1), Status::kPending);
}

TEST_P(BulkJobsTest, EndsWhenItIsTold) {
    Pending(30);
    ReplayOptions slow;
    slow.page = 2;
    Restart(slow);
    jobs_->Start();
    const auto id = Begin(JobAction::kApprove, Of({}), 10).id;
    Until(id, [](const auto& job) { return job.replayed > 0; });
    std::promise<ReplayJob> ended;
    jobs_->Cancel(id, [&](auto job) { ended.set_value(job.value_or(ReplayJob())); });
    EXPECT_EQ(ended.get_future().get().state, JobState::kCancelled);
    auto listed = jobs_->List();
    ASSERT_TRUE(listed);
    EXPECT_THAT(*listed, SizeIs(1));
}

TEST(BulkJobDocument, KeepsEverything) {
    ReplayJob job;
    job.id = ObjectId::New().Hex();
    job.action = JobAction::kReject;
    job.bulk.reason = "no";
    job.bulk.ids = {"a", "b"};
    job.bulk.undoes = "u";
    job.bulk.filter = {
        .goal_types = {domain::GoalType::kDeposit},
        .statuses = {Status::kPending, Status::kApproved},
        .provenances = {domain::Provenance::kForm},
        .clicks = {"c,1"},
        .goals = {"6"},
        .affiliates = {"7", "8"},
        .offers = {"o"},
        .transactions = {"t"},
        .currencies = {"EUR"},
        .countries = {"PT"},
        .sources = {"s"},
        .networks = {"n"},
        .delivery_states = {DeliveryState::kDead},
        .click_prefix = "c",
        .test = false,
        .least = Money::Parse("0.5").value(),
        .most = Money::Parse("12").value(),
        .from = Time{1},
        .to = Time{2},
        .changed_from = Time{3},
        .changed_to = Time{4}};
    job.Skip({{"x", "why"}});
    auto read = DecodeJob(EncodeJob(job));
    EXPECT_EQ(read.action, JobAction::kReject);
    EXPECT_EQ(read.bulk.filter, job.bulk.filter);
    EXPECT_EQ(read.bulk.ids, job.bulk.ids);
    EXPECT_EQ(read.bulk.reason + read.bulk.undoes, "nou");
    ASSERT_THAT(read.skipped, SizeIs(1));
    EXPECT_EQ(read.skipped[0].why, "why");
    EXPECT_EQ(RefOf(read).key, "bulk:" + job.id);
}

}  // namespace
}  // namespace barracuda::delivery
