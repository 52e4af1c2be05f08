// For tests of lists of deliveries and of replay jobs: both over a real store, RocksDB's and
// memory's.
#pragma once

#include <fmt/format.h>

#include <future>

#include "base/test_wait.h"
#include "delivery/replay_jobs.h"
#include "store/engine_fixture.h"

namespace barracuda::delivery {

inline constexpr int64_t kStart = 1'700'000'000'000;

inline domain::Conversion Made(
    int i, domain::DeliveryState state, const std::string& network = "default"
) {
    domain::Conversion c;
    c.id = ObjectId::New();
    c.key = {ClickId(fmt::format("c{:06}", i)), GoalId(i % 2 == 0 ? "6" : "5"), ""};
    c.fields.Set(domain::Field::kAffiliateId, i % 3 == 0 ? "seven" : "eight");
    c.rev = 1;
    c.created = c.updated = Time{kStart + i};
    domain::Delivery d;
    d.id = domain::DeliveryIdOf(c.id, NetworkName(network), "goal_postback");
    d.network = NetworkName(network);
    d.kind = "goal_postback";
    d.state = state;
    d.status = i % 4 == 0 ? 500 : 404;
    d.error = "refused";
    d.attempts = 3;
    d.next_at = Time{kStart + i};
    d.last_at = Time{kStart + 1000 + i};
    c.deliveries.push_back(d);
    c.Reschedule("boot-1");
    return c;
}

class DeliveriesFixture : public testing::TestWithParam<bool> {
protected:
    store::Store store_{GetParam()};
    std::unique_ptr<ledger::Ledger> ledger_;
    std::unique_ptr<ReplayJobs> jobs_;
    int lives_ = 0;

    void SetUp() override { Live(); }
    void TearDown() override { End(); }
    void Live(ReplayOptions options = {}) {
        ledger_ = std::make_unique<ledger::Ledger>(
            *store_.engine,
            ledger::Options{.node = NodeId(fmt::format("boot-{}", ++lives_))},
            ledger::Hooks()
        );
        options.poll = std::chrono::milliseconds(5);
        jobs_ = std::make_unique<ReplayJobs>(*store_.engine, *ledger_, options);
    }
    void End() {
        if (jobs_) jobs_->Stop();
        if (ledger_) ledger_->Stop();
        jobs_.reset();
        ledger_.reset();
    }
    // Another life of the program over the same data.
    void Restart(ReplayOptions options = {}) {
        End();
        store_.Reopen();
        Live(std::move(options));
    }
    void Store(const std::vector<domain::Conversion>& conversions) {
        std::vector<store::Write> writes;
        for (const auto& c : conversions) {
            writes.push_back({store::RefOf(c.key), std::nullopt, domain::Encode(c)});
        }
        store::Commit(*store_.engine, writes);
    }
    std::vector<std::string> Clicks(DeliveryQuery query) {
        std::vector<std::string> clicks;
        do {
            auto page = ListDeliveries(*store_.engine, query);
            EXPECT_TRUE(page);
            if (!page) break;
            for (const auto& row : page->rows) clicks.push_back(row.conversion.key.click.value);
            query.cursor = page->cursor;
        } while (!query.cursor.empty());
        return clicks;
    }
    ReplayJob Create(
        DeliveryFilter filter, int rate = 1'000'000, JobAction action = JobAction::kReplay
    ) {
        if (!filter.state) filter.state = domain::DeliveryState::kDead;
        std::promise<ReplayJob> made;
        jobs_->Create(action, filter, rate, "admin:me", [&](Result<ReplayJob> job) {
            ASSERT_TRUE(job);
            made.set_value(*job);
        });
        return made.get_future().get();
    }
    ReplayJob Until(const std::string& id, const std::function<bool(const ReplayJob&)>& wanted) {
        Result<ReplayJob> job = jobs_->Find(id);
        EXPECT_TRUE(Comes([&] {
            job = jobs_->Find(id);
            return !job || wanted(*job);
        }));
        EXPECT_TRUE(job);
        return job.value_or(ReplayJob());
    }
    ReplayJob UntilDone(const std::string& id) {
        return Until(id, [](const auto& job) { return job.state == JobState::kDone; });
    }
    domain::Conversion Read(int i) {
        auto ref = store::RefOf(Made(i, domain::DeliveryState::kDead).key);
        return *domain::DecodeConversion(*store::Get(*store_.engine, ref));
    }
};

inline DeliveryQuery Query(DeliveryFilter filter, size_t limit = 100) {
    DeliveryQuery query;
    query.filter = std::move(filter);
    query.limit = limit;
    return query;
}

inline std::string KindOfStore(const testing::TestParamInfo<bool>& info) {
    return info.param ? "RocksDB" : "Memory";
}

}  // namespace barracuda::delivery
