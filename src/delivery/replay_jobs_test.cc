// Replay jobs over a real store: filters, restarts, once a job.
#include "delivery/replay_jobs.h"

#include "delivery/replay_fixture.h"

namespace barracuda::delivery {
namespace {

using domain::DeliveryState;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class ReplayJobsTest : public DeliveriesFixture {};

INSTANTIATE_TEST_SUITE_P(Kinds, ReplayJobsTest, testing::Bool(), KindOfStore);

TEST_P(ReplayJobsTest, AJobWakesWhatFitsAndSaysWho) {
    std::vector<domain::Conversion> all;
    for (int i = 0; i < 40; ++i) {
        all.push_back(Made(i, i < 30 ? DeliveryState::kDead : DeliveryState::kDone));
    }
    Store(all);
    auto count = jobs_->DryRun({.state = DeliveryState::kDead, .goal = "6"}, 1'000'000);
    ASSERT_TRUE(count);
    EXPECT_EQ(count->matched, 15u);
    EXPECT_TRUE(count->complete);
    EXPECT_FALSE(jobs_->DryRun({.state = DeliveryState::kDead}, 10)->complete);
    jobs_->Start();
    auto job = UntilDone(Create({.goal = "6"}).id);
    EXPECT_TRUE(job.counted);
    EXPECT_EQ(job.matched, 15) << "what fitted before the first was woken";
    EXPECT_EQ(job.replayed, 15);
    EXPECT_EQ(job.by, "admin:me");
    for (int i = 0; i < 40; ++i) {
        auto c = Read(i);
        bool woken = i < 30 && i % 2 == 0;
        EXPECT_EQ(c.deliveries[0].state == DeliveryState::kWaiting, woken) << i;
        EXPECT_THAT(c.history, SizeIs(woken ? 1 : 0));
        if (woken) {
            EXPECT_EQ(c.history[0].by, "admin:me (job " + job.id + ")");
        }
    }
    auto listed = jobs_->List();
    ASSERT_TRUE(listed);
    EXPECT_THAT(*listed, SizeIs(1));
}

TEST_P(ReplayJobsTest, WhatDiesAgainIsNotTheJobsBusiness) {
    Store({Made(1, DeliveryState::kDead), Made(3, DeliveryState::kDead)});
    jobs_->Start();
    auto job = UntilDone(Create({}).id);
    auto c = Read(1);
    std::promise<void> died;
    domain::Outcome outcome;
    outcome.key = c.key;
    outcome.delivery_id = c.deliveries[0].id;
    outcome.error = "refused again";
    ledger_->SubmitInternal(outcome, [&](auto) { died.set_value(); });
    died.get_future().wait();
    // The same page once more, as after a crash before its cursor was kept.
    auto page = ListDeliveries(*store_.engine, Query({.state = DeliveryState::kDead}));
    ASSERT_THAT(page->rows, SizeIs(1));
    auto woken = ReplayRows(*ledger_, page->rows, "me", job.id);
    ASSERT_TRUE(woken);
    EXPECT_EQ(*woken, 0u);
    EXPECT_EQ(Read(1).deliveries[0].state, DeliveryState::kDead);
}

// What became of three that a job woke: counted in the documents, and over a restart the same.
TEST_P(ReplayJobsTest, AJobSaysWhatBecameOfIt) {
    std::vector<domain::Conversion> all;
    for (int i = 0; i < 6; ++i) all.push_back(Made(i, DeliveryState::kDead));
    all.push_back(Made(6, DeliveryState::kDone));
    Store(all);
    jobs_->Start();
    const auto job = UntilDone(Create({}).id);
    EXPECT_EQ(job.replayed, 6);
    const auto is = [&](Outcomes wanted, bool follows) {
        const auto now = Until(job.id, [&](const auto& one) {
            return one.outcomes == wanted && one.follows == follows;
        });
        EXPECT_EQ(now.outcomes, wanted);
        EXPECT_EQ(now.follows, follows);
        return now;
    };
    is({.accepted = 0, .waiting = 6, .dead_again = 0}, true);
    const auto ends = [&](int i, bool accepted) {
        const auto c = Read(i);
        domain::Outcome outcome;
        outcome.key = c.key;
        outcome.delivery_id = c.deliveries[0].id;
        outcome.accepted = accepted;
        std::promise<void> known;
        ledger_->SubmitInternal(outcome, [&](auto) { known.set_value(); });
        known.get_future().wait();
    };
    ends(0, true);
    ends(1, false);
    is({.accepted = 1, .waiting = 4, .dead_again = 1}, true);
    Restart();
    jobs_->Start();
    ends(2, true);
    is({.accepted = 2, .waiting = 3, .dead_again = 1}, true);
    // A second job wakes the one that died again: it is that one's now.
    const auto second = UntilDone(Create({}).id);
    EXPECT_EQ(second.replayed, 1);
    is({.accepted = 2, .waiting = 3, .dead_again = 0}, true);
    // What is cancelled is in none of the three.
    ASSERT_EQ(*CancelRows(*ledger_, {{Read(3), Read(3).deliveries[0].id}}, "me", {}), 1u);
    ends(4, true);
    ends(5, true);
    const auto last = is({.accepted = 4, .waiting = 0, .dead_again = 0}, false);
    EXPECT_GT(last.outcomes_at, last.created);
    ends(1, true);
    Until(second.id, [](const auto& one) { return !one.follows; });
    EXPECT_EQ(jobs_->Find(second.id)->outcomes, (Outcomes{.accepted = 1}));
    EXPECT_EQ(jobs_->Find(job.id)->rev, last.rev) << "counted no more";
}

// A document that moves while it is counted is met again, and counts once, as it is then.
TEST_P(ReplayJobsTest, WhatMovesDuringACountCountsOnce) {
    std::vector<domain::Conversion> all;
    for (int i = 0; i < 1'200; ++i) {
        all.push_back(Made(i, DeliveryState::kWaiting));
        all.back().deliveries[0].replayed_by = "job";
    }
    Store(all);
    OutcomeCount count("job", Time{kStart});
    auto whole = count.Step(*store_.engine);
    ASSERT_TRUE(whole && !*whole);
    for (int i : {0, 1'100}) {
        auto c = Read(i);
        const auto before = domain::Encode(c);
        c.deliveries[0].state = DeliveryState::kDone;
        c.updated = Time{kStart + 5'000};
        c.Reschedule("boot-1");
        ++c.rev;
        store::Put(*store_.engine, store::RefOf(c.key), before, domain::Encode(c));
    }
    while (whole && !*whole) whole = count.Step(*store_.engine);
    ASSERT_TRUE(whole);
    EXPECT_EQ(count.outcomes(), (Outcomes{.accepted = 2, .waiting = 1'198}));
    EXPECT_EQ(count.looked(), 1'201u);
}

// Seen in CI: the last of five died in the millisecond in which the job was made, and was left out.
TEST_P(ReplayJobsTest, WhatDiedInTheJobsOwnMillisecondIsItsBusiness) {
    auto c = Made(1, DeliveryState::kDead);
    Store({c});
    End();
    ReplayOptions options;
    options.now = [at = c.deliveries[0].last_at] { return at; };
    Live(options);
    EXPECT_EQ(jobs_->DryRun({.state = DeliveryState::kDead}, 1'000)->matched, 1u);
    jobs_->Start();
    EXPECT_EQ(UntilDone(Create({}).id).replayed, 1);
}

TEST_P(ReplayJobsTest, TwoDeadOfOneConversionAreTwo) {
    auto c = Made(1, DeliveryState::kDead);
    c.deliveries.push_back(c.deliveries[0]);
    c.deliveries[1].id = "second";
    c.deliveries[1].network = "other";
    c.deliveries[1].last_at = Time::Now();
    c.deliveries[1].last_at.ms += 3'600'000;  // died after the job was made, by another's clock
    c.Reschedule("boot");
    Store({c});
    jobs_->Start();
    auto job = UntilDone(Create({}).id);
    EXPECT_EQ(job.replayed, 1);
    EXPECT_EQ(Read(1).deliveries[0].state, DeliveryState::kWaiting) << "found under the later one";
    EXPECT_EQ(Read(1).deliveries[1].state, DeliveryState::kDead);
}

TEST_P(ReplayJobsTest, AJobCancelsWhatWaitsForOneNetwork) {
    std::vector<domain::Conversion> all;
    for (int i = 0; i < 30; ++i) {
        const auto state = i < 10 ? DeliveryState::kDead : DeliveryState::kWaiting;
        all.push_back(Made(i, state, i % 2 == 0 ? "gone" : "other"));
        all.back().deliveries[0].next_at = Time{Time::Now().ms + 3'600'000 + i};  // not due yet
        all.back().Reschedule("boot");
    }
    Store(all);
    End();
    std::atomic<int> ended = 0;
    ReplayOptions options;
    options.page = 3;
    options.ended = [&ended](const domain::Delivery& one) { ended += one.network == "gone"; };
    Live(options);
    jobs_->Start();
    DeliveryFilter waiting{.state = DeliveryState::kWaiting, .network = "gone"};
    auto job = UntilDone(Create(waiting, 1'000'000, JobAction::kCancel).id);
    EXPECT_EQ(job.filter.state, DeliveryState::kWaiting);
    EXPECT_EQ(job.matched, 10);
    EXPECT_EQ(job.replayed, 10);
    EXPECT_EQ(ended, 10) << "the dispatcher forgets each";
    for (int i = 0; i < 30; ++i) {
        auto c = Read(i);
        const bool cancelled = i >= 10 && i % 2 == 0;
        const auto before = i < 10 ? DeliveryState::kDead : DeliveryState::kWaiting;
        EXPECT_EQ(c.deliveries[0].state, cancelled ? DeliveryState::kCancelled : before) << i;
        if (cancelled) {
            EXPECT_EQ(c.history.back().by, "admin:me (job " + job.id + ")");
        }
    }
    DeliveryFilter dead{.state = DeliveryState::kDead, .network = "gone"};
    EXPECT_EQ(UntilDone(Create(dead, 1'000'000, JobAction::kCancel).id).replayed, 5);
}

// The queue goes by owner: another's part may lie behind the job's cursor.
TEST_P(ReplayJobsTest, WhatIsTakenOverMeanwhileIsCancelledToo) {
    std::vector<domain::Conversion> all;
    for (int i = 0; i < 10; ++i) {
        all.push_back(Made(i, DeliveryState::kWaiting));
        all.back().owner = "m";
    }
    Store(all);
    End();
    int ended = 0;  // on the ledger's thread
    ReplayOptions options;
    options.page = 3;
    options.ended = [&](const domain::Delivery&) {
        if (++ended != 3) return;  // the first page is over, and the job waits to hear it
        for (int i = 3; i < 10; ++i) {
            auto c = Read(i);
            const auto before = domain::Encode(c);
            c.owner = "a";
            ++c.rev;
            store::Put(*store_.engine, store::RefOf(c.key), before, domain::Encode(c));
        }
    };
    Live(options);
    jobs_->Start();
    auto job =
        UntilDone(Create({.state = DeliveryState::kWaiting}, 1'000'000, JobAction::kCancel).id);
    EXPECT_EQ(job.replayed, 10);
    EXPECT_FALSE(job.again);
    EXPECT_THAT(Clicks(Query({.state = DeliveryState::kWaiting})), IsEmpty());
}

TEST_P(ReplayJobsTest, ASlowJobHoldsNoOtherUp) {
    for (int i = 0; i < 70; ++i) {
        Store({Made(i, DeliveryState::kDead, i < 20 ? "slow" : "fast")});
    }
    End();
    ReplayOptions options;
    options.page = 2;
    Live(options);
    jobs_->Start();
    const auto slow = Create({.network = "slow"}, 1).id;  // one a second
    Until(slow, [](const auto& job) { return job.replayed > 0; });
    EXPECT_EQ(UntilDone(Create({.network = "fast"}).id).replayed, 50) << "in 25 pages";
    EXPECT_LT(jobs_->Find(slow)->replayed, 15);
}

TEST_P(ReplayJobsTest, ACancelledJobStops) {
    std::vector<domain::Conversion> all;
    for (int i = 0; i < 30; ++i) all.push_back(Made(i, DeliveryState::kDead));
    Store(all);
    jobs_->Start();
    auto id = Create({}, 10).id;  // 3 s
    Until(id, [](const auto& job) { return job.replayed > 0; });
    std::promise<Result<ReplayJob>> cancelled;
    jobs_->Cancel(id, [&](auto job) { cancelled.set_value(std::move(job)); });
    auto job = cancelled.get_future().get();
    ASSERT_TRUE(job);
    EXPECT_EQ(job->state, JobState::kCancelled);
    std::this_thread::sleep_for(std::chrono::milliseconds(1'200));
    auto left = Clicks(Query({.state = DeliveryState::kDead}));
    EXPECT_GE(left.size(), 10u) << "one page may have been under way";
    std::promise<Result<ReplayJob>> unknown;
    jobs_->Cancel("unknown", [&](auto found) { unknown.set_value(std::move(found)); });
    EXPECT_EQ(unknown.get_future().get().error().code, ErrorCode::kNotFound);
}

TEST(ReplayJob, ComesBackFromItsDocument) {
    ReplayJob job;
    job.id = "65a000000000000000000003";
    job.filter = {
        .state = DeliveryState::kDead,
        .network = "n",
        .kind = "k",
        .goal = "6",
        .affiliate = "a",
        .click = "c",
        .code = 0,
        .from = Time{1},
        .to = Time{2}};
    job.rate = 7;
    job.state = JobState::kCancelled;
    job.by = "me";
    job.node = "boot";
    job.cursor = std::string("\x04\0\xff", 3);
    job.counted = true;
    job.matched = 12;
    job.replayed = 9;
    job.outcomes = {.accepted = 3, .waiting = 2, .dead_again = 1};
    job.outcomes_at = Time{7};
    job.follows = true;
    job.error = "e";
    job.rev = 4;
    job.created = Time{5};
    job.updated = Time{6};
    EXPECT_EQ(EncodeJob(DecodeJob(EncodeJob(job))), EncodeJob(job));
    EXPECT_EQ(DecodeJob(EncodeJob(job)).cursor, job.cursor);
    EXPECT_EQ(DecodeJob(EncodeJob(job)).filter.code, 0);
    EXPECT_EQ(DecodeJob(EncodeJob(job)).outcomes, job.outcomes);
    EXPECT_TRUE(DecodeJob(EncodeJob(job)).follows);
    job.action = JobAction::kCancel;
    job.filter.state = DeliveryState::kWaiting;
    job.counted = false;
    job.again = true;
    EXPECT_EQ(EncodeJob(DecodeJob(EncodeJob(job))), EncodeJob(job));
    EXPECT_EQ(DecodeJob(EncodeJob(job)).filter.state, DeliveryState::kWaiting);
    EXPECT_TRUE(DecodeJob(EncodeJob(job)).again);
}

// As it was written then: neither an action nor a count, and the cursor is the replay's.
TEST(ReplayJob, ThatBeganBeforeJobsCountedGoesOn) {
    domain::BsonWriter to;
    to.Text("_id", "job:65a000000000000000000003");
    to.Text("state", "running");
    to.Int("rate", 7);
    to.Document("filter", domain::BsonWriter().Take());
    to.Text("cursor", "04ff");
    to.Int("replayed", 9);
    const auto job = DecodeJob(to.Take()), kept = DecodeJob(EncodeJob(job));
    for (const auto& one : {job, kept}) {
        EXPECT_TRUE(one.counted);
        EXPECT_EQ(one.matched, std::nullopt);
        EXPECT_EQ(one.cursor, "\x04\xff");
        EXPECT_EQ(one.replayed, 9);
        EXPECT_EQ(one.outcomes, std::nullopt);
        EXPECT_FALSE(one.follows) << "what it woke before is not told from the rest";
    }
}

// A hundred thousand (REPLAY_DEAD: another number) over RocksDB, stopped in the middle several
// times.
TEST(ReplayLarge, EachOnceOverRestarts) {
    const char* wanted = std::getenv("REPLAY_DEAD");
    const int dead = wanted ? std::atoi(wanted) / 1'000 * 1'000 : 100'000;
    store::Store store(true);
    for (int i = 0; i < dead;) {
        std::vector<store::Write> writes;
        for (int k = 0; k < 1'000; ++k, ++i) {
            auto c = Made(i, DeliveryState::kDead);
            writes.push_back({store::RefOf(c.key), std::nullopt, domain::Encode(c)});
        }
        store::Commit(*store.engine, writes);
    }
    std::string id;
    int64_t replayed = 0, matched = 0;
    for (int life = 0; life < 50 && replayed < dead; ++life) {
        ledger::Ledger ledger(
            *store.engine, {.node = NodeId(fmt::format("boot-{}", life))}, ledger::Hooks()
        );
        ReplayOptions options;
        options.page = 1'000;
        options.poll = std::chrono::milliseconds(5);
        ReplayJobs jobs(*store.engine, ledger, options);
        jobs.Start();
        if (life == 0) {
            std::promise<std::string> made;
            jobs.Create(
                JobAction::kReplay,
                {.state = DeliveryState::kDead},
                10'000'000,
                "me",
                [&](auto job) { made.set_value(job->id); }
            );
            id = made.get_future().get();
        }
        int64_t stop_at = life < 3 ? replayed + dead / 5 : dead;
        Comes(
            [&] { return (replayed = jobs.Find(id)->replayed) >= stop_at; }, std::chrono::minutes(2)
        );
        jobs.Stop();
        ledger.Stop();
        replayed = jobs.Find(id)->replayed;
        matched = jobs.Find(id)->matched.value_or(0);
        if (life < 3) store.Reopen();
    }
    EXPECT_EQ(replayed, dead);
    EXPECT_EQ(matched, dead);
    store::ScanRequest request;
    request.limit = 1'000;
    int woken = 0;
    do {
        auto page = store.engine->Scan(request);
        ASSERT_TRUE(page);
        for (const auto& document : page->documents) {
            if (*domain::TopText(document, "rev") == "2") ++woken;
        }
        request.cursor = page->cursor;
    } while (!request.cursor.empty());
    EXPECT_EQ(woken, dead) << "each was written exactly once more";
}

}  // namespace
}  // namespace barracuda::delivery
