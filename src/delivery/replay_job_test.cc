// Jobs as stored: whatever one is about, it is read again as it was; what 0.1.0 wrote is read as it
// was meant.
#include "delivery/replay_job.h"

#include <gmock/gmock.h>

#include "base/object_id.h"
#include "domain/bson.h"

namespace barracuda::delivery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr JobAction kActions[] = {
    JobAction::kReplay,
    JobAction::kCancel,
    JobAction::kApprove,
    JobAction::kReject,
    JobAction::kResend,
    JobAction::kUndo};

ReplayJob JobOf(JobAction action) {
    ReplayJob job;
    job.id = ObjectId::New().Hex();
    job.action = action;
    job.rate = 200;
    job.by = "admin:ann@example.com";
    job.node = NodeId("node-1");
    job.rev = 3;
    job.created = *Time::ParseIso("2026-06-01T12:00:00.123Z");
    job.updated = *Time::ParseIso("2026-06-01T12:00:01Z");
    if (IsBulk(action)) {
        job.bulk.filter.affiliates = {"7", "a,b"};
        job.bulk.reason = "two\nlines \u2028";
        if (action == JobAction::kUndo) job.bulk.undoes = ObjectId::New().Hex();
    } else {
        job.filter.state = action == JobAction::kCancel ? domain::DeliveryState::kWaiting
                                                        : domain::DeliveryState::kDead;
        job.filter.network = NetworkName("tracker");
        job.filter.goal = "6";
        job.filter.code = 0;
        job.filter.from = Time{1};
    }
    return job;
}

void ExpectSame(const ReplayJob& a, const ReplayJob& b) {
    EXPECT_EQ(a.id, b.id);
    EXPECT_EQ(a.action, b.action);
    EXPECT_EQ(a.rate, b.rate);
    EXPECT_EQ(a.state, b.state);
    EXPECT_EQ(a.by, b.by);
    EXPECT_EQ(a.node, b.node);
    EXPECT_EQ(a.cursor, b.cursor);
    EXPECT_EQ(a.counted, b.counted);
    EXPECT_EQ(a.again, b.again);
    EXPECT_EQ(a.passes, b.passes);
    EXPECT_EQ(a.matched, b.matched);
    EXPECT_EQ(a.replayed, b.replayed);
    EXPECT_EQ(a.skips, b.skips);
    EXPECT_EQ(a.error, b.error);
    EXPECT_EQ(a.rev, b.rev);
    EXPECT_EQ(a.created, b.created);
    EXPECT_EQ(a.updated, b.updated);
    EXPECT_EQ(a.bulk.filter, b.bulk.filter);
    EXPECT_EQ(a.bulk.ids, b.bulk.ids);
    EXPECT_EQ(a.bulk.reason, b.bulk.reason);
    EXPECT_EQ(a.bulk.undoes, b.bulk.undoes);
    EXPECT_EQ(a.filter.network, b.filter.network);
    EXPECT_EQ(a.filter.goal, b.filter.goal);
    EXPECT_EQ(a.filter.code, b.filter.code);
    EXPECT_EQ(a.filter.from, b.filter.from);
    ASSERT_EQ(a.skipped.size(), b.skipped.size());
    for (size_t i = 0; i < a.skipped.size(); ++i) {
        EXPECT_EQ(a.skipped[i].id, b.skipped[i].id);
        EXPECT_EQ(a.skipped[i].why, b.skipped[i].why);
    }
}

TEST(ReplayJob, IsReadAsItWasWrittenAtEveryStep) {
    for (const JobAction action : kActions) {
        SCOPED_TRACE(NameOf(action));
        ReplayJob job = JobOf(action);
        ExpectSame(DecodeJob(EncodeJob(job)), job);
        job.cursor = std::string("a\0\xff key", 7);
        job.error = "the store does not answer";
        ExpectSame(DecodeJob(EncodeJob(job)), job);
        job.counted = job.again = true;
        job.passes = 4;
        job.matched = 1'000'000;
        job.replayed = 999'999;
        job.error.clear();
        job.state = JobState::kCancelled;
        ExpectSame(DecodeJob(EncodeJob(job)), job);
        job.state = JobState::kDone;
        job.cursor.clear();
        ExpectSame(DecodeJob(EncodeJob(job)), job);
        EXPECT_EQ(RefOf(job).key, std::string(IsBulk(action) ? "bulk:" : "job:") + job.id);
    }
}

TEST(ReplayJob, ByIdsAndWithWhatItLeft) {
    ReplayJob job = JobOf(JobAction::kApprove);
    job.bulk.filter = {};
    for (size_t i = 0; i < Bulk::kIdsMax; ++i) job.bulk.ids.push_back(ObjectId::New().Hex());
    std::vector<BulkSkip> left;
    for (int i = 0; i < 250; ++i) left.push_back({ObjectId::New().Hex(), "it is approved already"});
    job.Skip({left.begin(), left.begin() + 60});
    job.Skip({left.begin() + 60, left.end()});
    EXPECT_EQ(job.skips, 250) << "all of them are counted";
    ASSERT_EQ(job.skipped.size(), ReplayJob::kSkippedMax) << "the first ones are named";
    EXPECT_EQ(job.skipped.back().id, left[ReplayJob::kSkippedMax - 1].id);
    ExpectSame(DecodeJob(EncodeJob(job)), job);
}

TEST(ReplayJob, OneOf010IsAReplayThatHasCounted) {
    domain::BsonWriter to;
    to.Text("_id", "job:0123456789abcdef01234567");
    to.Text("state", "running");
    to.Text("by", "key:k");
    to.Int("rate", 50);
    to.Text("cursor", "00ff");
    to.Int("replayed", 12);
    const auto job = DecodeJob(to.Take());
    EXPECT_EQ(job.id, "0123456789abcdef01234567");
    EXPECT_EQ(job.action, JobAction::kReplay);
    EXPECT_EQ(job.state, JobState::kRunning);
    EXPECT_TRUE(job.counted) << "its cursor is the replay's, not a count's";
    EXPECT_EQ(job.cursor, std::string("\0\xff", 2));
    EXPECT_FALSE(job.matched) << "it did not count";
    EXPECT_EQ(job.filter.state, domain::DeliveryState::kDead);
    EXPECT_THAT(job.bulk.ids, IsEmpty());
}

TEST(ReplayJob, WhatMayBeDoneToEach) {
    std::vector<std::string> bulk, undoable;
    for (const JobAction action : kActions) {
        if (IsBulk(action)) bulk.emplace_back(NameOf(action));
        if (MayBeUndone(action)) undoable.emplace_back(NameOf(action));
        EXPECT_TRUE(IsBulk(action) || !MayBeUndone(action))
            << "what was sent or cancelled stays so";
    }
    EXPECT_THAT(bulk, ElementsAre("approve", "reject", "resend", "undo"));
    EXPECT_THAT(undoable, ElementsAre("approve", "reject", "undo"));
}

// An undo asks for those that the job moved: by its ids or its period, never by what it changed.
TEST(ReplayJob, ItsUndoingMeansTheSameOnesWhateverTheyAreNow) {
    ReplayJob job = JobOf(JobAction::kApprove);
    job.bulk.filter.statuses = {domain::Status::kPending};
    job.bulk.filter.delivery_states = {domain::DeliveryState::kDead};
    job.bulk.filter.clicks = {"c"};
    job.bulk.filter.goals = {"6"};
    job.bulk.filter.to = Time{9};
    const Bulk undo = UndoOf(job);
    EXPECT_EQ(undo.undoes, job.id);
    EXPECT_THAT(undo.filter.statuses, IsEmpty()) << "they are approved now";
    EXPECT_THAT(undo.filter.delivery_states, IsEmpty()) << "an approval sends";
    EXPECT_THAT(undo.filter.affiliates, IsEmpty()) << "an admin may have corrected it since";
    EXPECT_THAT(undo.filter.clicks, ElementsAre("c"));
    EXPECT_THAT(undo.filter.goals, ElementsAre("6"));
    EXPECT_EQ(undo.filter.to, Time{9});
    EXPECT_EQ(undo.filter.changed_from, job.created) << "none of them changed before";
}

}  // namespace
}  // namespace barracuda::delivery
