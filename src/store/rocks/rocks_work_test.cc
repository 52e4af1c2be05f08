// What a poll of the work queue costs RocksDB after many finished deliveries: tombstones passed.
#include <rocksdb/perf_context.h>
#include <rocksdb/perf_level.h>

#include "store/engine_fixture.h"

namespace barracuda::store {
namespace {

using testing::SizeIs;

constexpr int kFinished = 5'000;  // few enough to stay in memory: no compaction helps

class RocksWorkTest : public testing::Test {
protected:
    Store store_{true};
    KvEngine& engine() { return *store_.engine; }

    RocksWorkTest() {
        rocksdb::SetPerfLevel(rocksdb::PerfLevel::kEnableCount);
        FinishMany("c", kFinished, 1'000);
    }
    ~RocksWorkTest() override { rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable); }

    // Deliveries of `count` conversions, due one after the other from `due` on, owed and then done.
    void FinishMany(const std::string& prefix, int count, int64_t due) {
        for (int from = 0; from < count; from += 1'000) {
            std::vector<Write> owed, done;
            for (int i = from; i < std::min(count, from + 1'000); ++i) {
                const std::string click = prefix + std::to_string(i);
                auto waiting = Document({.click = click, .due = due + i});
                owed.push_back({DealRef(click), std::nullopt, waiting});
                done.push_back({DealRef(click), waiting, Document({.click = click, .rev = 2})});
            }
            Commit(engine(), owed);
            Commit(engine(), done);
        }
    }
    // Tombstones that a call passes.
    template <typename Call>
    uint64_t Skipped(Call call) {
        rocksdb::get_perf_context()->Reset();
        call();
        return rocksdb::get_perf_context()->internal_delete_skipped_count;
    }
    uint64_t PollSkips(const WorkQuery& query, size_t due) {
        return Skipped([&] { EXPECT_THAT(*engine().Work(query), SizeIs(due)); });
    }
};

TEST_F(RocksWorkTest, APollDoesNotPassWhatIsFinishedAgain) {
    const WorkQuery ours{.until = Time{1'000'000}, .owners = std::vector<NodeId>{"n1"}};
    const WorkQuery all{.until = Time{1'000'000}};
    EXPECT_GE(PollSkips(ours, 0), uint64_t{kFinished}) << "the first one does: the control";
    EXPECT_EQ(PollSkips(ours, 0), 0u);
    EXPECT_GE(PollSkips(all, 0), uint64_t{kFinished});
    EXPECT_EQ(PollSkips(all, 0), 0u);
    EXPECT_EQ(Skipped([&] { EXPECT_THAT(*engine().WorkOwners(), SizeIs(0)); }), 0u);
    FinishMany("d", 100, 10'000);
    EXPECT_LE(PollSkips(ours, 0), 200u) << "only what was finished since";
    EXPECT_LE(PollSkips(all, 0), 200u);
    EXPECT_EQ(PollSkips(ours, 0), 0u);
    EXPECT_EQ(PollSkips(all, 0), 0u);
}

// One waits at the front all the time, as behind a network that hangs.
TEST_F(RocksWorkTest, WhatWaitsAtTheFrontMakesNoPollPassTheRest) {
    Put(engine(), DealRef("stuck"), std::nullopt, Document({.click = "stuck", .due = 1}));
    const WorkQuery ours{.until = Time{1'000'000}, .owners = std::vector<NodeId>{"n1"}};
    const WorkQuery all{.until = Time{1'000'000}};
    EXPECT_GE(PollSkips(all, 1), uint64_t{kFinished});
    FinishMany("d", 100, 10'000);
    EXPECT_LE(PollSkips(all, 1), 200u);
    EXPECT_LE(PollSkips(ours, 1), 200u);
    EXPECT_EQ(PollSkips(all, 1), 0u);
    Put(engine(), DealRef("x"), std::nullopt, Document({.click = "x", .due = 2}));
    EXPECT_THAT(*engine().Work(ours), SizeIs(2)) << "due right behind it";
}

// What is due earlier than everything finished lowers the mark.
TEST_F(RocksWorkTest, AnEarlierDueIsFound) {
    const WorkQuery ours{.until = Time{1'000'000}, .owners = std::vector<NodeId>{"n1"}};
    const WorkQuery all{.until = Time{1'000'000}};
    ASSERT_THAT(*engine().Work(ours), SizeIs(0));
    ASSERT_THAT(*engine().Work(all), SizeIs(0));
    for (int64_t due : {5'500, 1'500, 0, -7}) {
        const std::string click = "e" + std::to_string(due);
        Put(engine(), DealRef(click), std::nullopt, Document({.click = click, .due = due}));
        EXPECT_EQ(engine().Work(ours)->front().due, Time{due});
        EXPECT_EQ(engine().Work(all)->front().due, Time{due});
    }
    Put(engine(), DealRef("z"), std::nullopt, Document({.click = "z", .due = 3, .owner = "a"}));
    EXPECT_EQ(engine().Work(all)->front().owner, "a");
    EXPECT_THAT(*engine().Work(ours), SizeIs(4));
    EXPECT_THAT(*engine().Work(all), SizeIs(5));
    EXPECT_EQ(*engine().WorkOwners(), (std::vector<NodeId>{"a", "n1"}));
}

}  // namespace
}  // namespace barracuda::store
