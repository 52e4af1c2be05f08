// A RocksDB that is being filled (rocks_kv.h): what it holds in the end.
#include <filesystem>
#include <thread>

#include "store/engine_fixture.h"
#include "store/rocks/rocks_kv.h"

namespace barracuda::store {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::unique_ptr<KvEngine> OpenEngine(const RocksOptions& options) {
    auto kv = OpenRocks(options);
    EXPECT_TRUE(kv) << kv.error().message;
    if (!kv) return nullptr;
    auto engine = KvEngine::Open(std::move(*kv));
    return engine ? std::move(*engine) : nullptr;
}

TEST(RocksFilling, AStoreThatWasFilledIsLikeOneThatGrew) {
    TempDirectory directory;
    const std::string place = directory.At("db");
    constexpr size_t kCount = 300;
    {
        auto engine = OpenEngine({.directory = place, .filling = true});
        ASSERT_TRUE(engine);
        std::vector<Write> writes;
        for (size_t i = 0; i < kCount; ++i) {
            const std::string click = "c" + std::to_string(i);
            writes.push_back({DealRef(click), std::nullopt, Document({.click = click, .due = 7})});
        }
        ASSERT_TRUE(engine->Commit(writes));
        EXPECT_EQ(Put(*engine, DealRef("c7"), std::nullopt, *writes[7].after), WriteState::kLost);
    }
    auto engine = OpenEngine({.directory = place});
    ASSERT_TRUE(engine);
    EXPECT_THAT(*engine->Verify(false), IsEmpty());
    ScanRequest by_creation;
    by_creation.index = IndexId::kConversionCreated;
    EXPECT_EQ(*engine->Count(by_creation, 10 * kCount), kCount);
    EXPECT_THAT(*engine->Work({.until = Time{1000}, .limit = 10 * kCount}), SizeIs(kCount));
    EXPECT_EQ(
        Put(*engine, DealRef("new"), std::nullopt, Document({.click = "new"})), WriteState::kApplied
    );
}

std::vector<NewDocument> NewDeals(size_t from, size_t to) {
    std::vector<NewDocument> documents;
    for (size_t i = from; i < to; ++i) {
        const std::string click = "c" + std::to_string(i);
        const std::string amount = std::to_string(i % 7);
        documents.push_back({DealRef(click), Document({.click = click, .amount = amount, .due = 7})}
        );
    }
    return documents;
}

TEST(RocksFilling, DocumentsOfManyThreadsAtOnceAreLikeCommittedOnes) {
    TempDirectory directory;
    const std::string place = directory.At("db");
    constexpr size_t kEach = 500, kRuns = 6;
    {
        auto engine = OpenEngine({.directory = place, .filling = true});
        ASSERT_TRUE(engine);
        std::vector<std::jthread> threads;
        for (size_t run = 0; run < kRuns; ++run) {
            threads.emplace_back([&, run] {
                EXPECT_TRUE(engine->Insert(NewDeals(run * kEach, (run + 1) * kEach)));
            });
        }
        threads.clear();
        // Beside what is committed in the usual way.
        EXPECT_EQ(Put(*engine, DealRef("c7"), std::nullopt, Document({})), WriteState::kLost);
        const auto stored = Get(*engine, DealRef("c7"));
        EXPECT_EQ(
            Put(*engine, DealRef("c7"), stored, Document({.click = "c7", .amount = "9", .rev = 2})),
            WriteState::kApplied
        );
    }
    auto engine = OpenEngine({.directory = place});
    ASSERT_TRUE(engine) << "its mark says no more than is there";
    EXPECT_THAT(*engine->Verify(false), IsEmpty());
    ScanRequest by_creation;
    by_creation.index = IndexId::kConversionCreated;
    EXPECT_EQ(*engine->Count(by_creation, 10 * kRuns * kEach), kRuns * kEach);
    for (const auto& entry : std::filesystem::directory_iterator(place)) {
        EXPECT_THAT(entry.path().filename().string(), Not(HasSubstr("ingest")));
    }
}

// What Insert is promised is not looked up: Verify tells it, and a run that contradicts itself.
TEST(RocksFilling, ADocumentInsertedTwiceIsFound) {
    TempDirectory directory;
    auto engine = OpenEngine({.directory = directory.At("db"), .filling = true});
    ASSERT_TRUE(engine);
    ASSERT_TRUE(engine->Insert(NewDeals(0, 50)));
    EXPECT_THAT(*engine->Verify(false), IsEmpty()) << "control";
    ASSERT_TRUE(engine->Insert(NewDeals(49, 60)));
    EXPECT_THAT(*engine->Verify(false), Not(IsEmpty()));
    auto twice = NewDeals(100, 110);
    twice.push_back(NewDeals(109, 110).front());
    EXPECT_FALSE(engine->Insert(twice));
    EXPECT_TRUE(engine->Trouble());
    EXPECT_FALSE(engine->Insert(NewDeals(200, 201))) << "no more until a restart";
    EXPECT_EQ(Get(*engine, DealRef("c100")), std::nullopt) << "nothing of a run that failed";
}

}  // namespace
}  // namespace barracuda::store
