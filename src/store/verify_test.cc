// Verify beside a running writer: nobody waits for it, and what is written meanwhile confuses it
// not.
#include <future>
#include <thread>

#include "base/test_wait.h"
#include "store/engine_fixture.h"
#include "store/kv_verify.h"

namespace barracuda::store {
namespace {

using testing::IsEmpty;

// A store in memory whose snapshots stop in the middle of their reading until they are let go.
struct Gate {
    std::promise<void> reached, open;
    std::shared_future<void> opened{open.get_future()};
    std::atomic<int> pages = 0;
};

class GatedSnapshot final : public KvSnapshot {
public:
    GatedSnapshot(std::unique_ptr<KvSnapshot> inner, Gate& gate)
        : inner_(std::move(inner)), gate_(gate) {}
    Result<std::vector<std::optional<std::string>>> MultiGet(
        Space space, std::span<const std::string> keys
    ) override {
        return inner_->MultiGet(space, keys);
    }
    std::unique_ptr<KvIterator> Iterate(Space space) override {
        if (++gate_.pages == 2) {
            gate_.reached.set_value();
            gate_.opened.wait();
        }
        return inner_->Iterate(space);
    }

private:
    std::unique_ptr<KvSnapshot> inner_;
    Gate& gate_;
};

class GatedKv final : public Kv {
public:
    GatedKv(std::shared_ptr<MemoryKv::Data> data, Gate& gate) : inner_(data), gate_(gate) {}
    Result<std::vector<std::optional<std::string>>> MultiGet(
        Space space, std::span<const std::string> keys
    ) override {
        return inner_.MultiGet(space, keys);
    }
    Result<bool> Apply(std::span<const KvChange> changes) override { return inner_.Apply(changes); }
    std::unique_ptr<KvIterator> Iterate(Space space) override { return inner_.Iterate(space); }
    std::unique_ptr<KvSnapshot> Snapshot() override {
        return std::make_unique<GatedSnapshot>(inner_.Snapshot(), gate_);
    }
    Result<bool> Backup(const std::string& directory) override { return inner_.Backup(directory); }

private:
    MemoryKv inner_;
    Gate& gate_;
};

TEST(VerifyBeside, WritesAndReadsGoOnWhileItRuns) {
    auto data = std::make_shared<MemoryKv::Data>();
    {
        const MutexLock lock(data->mutex);
        data->Own(Space::kDocuments)[std::string("\0index_version", 14)] = DerivedVersion();
    }
    Gate gate;
    auto opened = KvEngine::Open(std::make_unique<GatedKv>(data, gate));
    ASSERT_TRUE(opened);
    KvEngine& engine = **opened;
    ASSERT_EQ(gate.pages, 0) << "a store of this version is opened without reading it all";
    auto first = Document({.click = "c1", .due = 10});
    Put(engine, DealRef("c1"), std::nullopt, first);
    auto verify = std::async(std::launch::async, [&] { return engine.Verify(false); });
    gate.reached.get_future().wait();
    auto writes = std::async(std::launch::async, [&] {
        EXPECT_EQ(
            Put(engine, DealRef("c2"), std::nullopt, Document({.click = "c2", .due = 5})),
            WriteState::kApplied
        );
        EXPECT_EQ(
            Put(engine, DealRef("c1"), first, Document({.click = "c1", .rev = 2})),
            WriteState::kApplied
        );
        EXPECT_TRUE(engine.Scan({}));
        EXPECT_EQ(engine.Work({.until = Time{100}})->size(), 1u);
    });
    EXPECT_EQ(writes.wait_for(std::chrono::seconds(20)), std::future_status::ready)
        << "the writer waits for verify";
    EXPECT_EQ(verify.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
    gate.open.set_value();
    writes.get();
    auto findings = verify.get();
    ASSERT_TRUE(findings);
    EXPECT_THAT(*findings, IsEmpty()) << "it sees one moment";
    EXPECT_THAT(*engine.Verify(false), IsEmpty());
}

// A store of another version, opened to be served: what is derived is built beside, and until then
// nothing is written and the reason can be read.
TEST(BuildBeside, SaysSoAndServesAfterwards) {
    auto data = std::make_shared<MemoryKv::Data>();
    {
        auto before = KvEngine::Open(std::make_unique<MemoryKv>(data));
        Put(**before, DealRef("c1"), std::nullopt, Document({.click = "c1"}));
    }
    {
        const MutexLock lock(data->mutex);
        data->Own(Space::kDocuments)[std::string("\0index_version", 14)] = "2.3.2";
        data->Own(Space::kIndexes).clear();
    }
    Gate gate;
    auto opened = KvEngine::Open(std::make_unique<GatedKv>(data, gate), KvEngine::Build::kBeside);
    ASSERT_TRUE(opened);
    KvEngine& engine = **opened;
    gate.reached.get_future().wait();
    ASSERT_TRUE(engine.Trouble());
    EXPECT_THAT(*engine.Trouble(), testing::HasSubstr("being built"));
    const Write write{DealRef("c2"), std::nullopt, Document({.click = "c2"})};
    EXPECT_FALSE(engine.Commit(std::span(&write, 1)));
    gate.open.set_value();
    ASSERT_TRUE(Comes([&] { return !engine.Trouble(); }));
    ScanRequest by_goal;
    by_goal.index = IndexId::kConversionGoal;
    by_goal.any = {{"6"}};
    EXPECT_EQ(engine.Scan(by_goal)->documents.size(), 1u);
    EXPECT_TRUE(engine.Commit(std::span(&write, 1)));
    EXPECT_THAT(*engine.Verify(false), IsEmpty());
}

// The same over RocksDB, in pages. The writer is bounded: every page steps over all the versions
// written since the snapshot, and how many that are must not hang on who is slower.
TEST(VerifyBeside, SeesOneMomentOfAStoreThatChanges) {
    Store store(true);
    auto& engine = *store.engine;
    std::atomic<bool> stop = false;
    std::atomic<int64_t> written = 0, until = 4'000;
    std::thread writer([&] {
        std::map<std::string, std::string> known;
        for (int64_t i = 0; !stop; ++i) {
            std::vector<Write> writes;
            for (int64_t j = 0; j < 50; ++j) {
                const std::string click = "c" + std::to_string((i * 50 + j) % 3'000);
                auto at = known.find(click);
                std::string after = Document(
                    {.click = click,
                     .affiliate = "a" + std::to_string(i % 7),
                     .rev = i + 1,
                     .due = i % 2 ? std::optional<int64_t>(i) : std::nullopt}
                );
                auto before = at == known.end() ? std::nullopt : std::optional(at->second);
                writes.push_back({DealRef(click), before, after});
                known[click] = after;
            }
            for (auto state : Commit(engine, writes)) EXPECT_EQ(state, WriteState::kApplied);
            written += 50;
            while (!stop && written >= until)
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    });
    ASSERT_TRUE(Comes([&] { return written >= until; }));
    for (int i = 0; i < 5; ++i) {
        const int64_t before = written;
        until = before + 4'000;
        auto findings = engine.Verify(false);
        EXPECT_TRUE(findings);
        if (findings) {
            EXPECT_THAT(*findings, IsEmpty());
        }
        EXPECT_TRUE(Comes([&] { return written >= before + 500; }));
    }
    stop = true;
    writer.join();
}

}  // namespace
}  // namespace barracuda::store
