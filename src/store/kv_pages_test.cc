#include "store/kv_pages.h"

#include <gmock/gmock.h>

#include <atomic>

#include "store/memory/memory_kv.h"

namespace barracuda::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class KvPagesTest : public testing::Test {
protected:
    std::shared_ptr<MemoryKv::Data> data_ = std::make_shared<MemoryKv::Data>();
    MemoryKv kv_{data_};
    std::vector<std::string> seen_;

    void Fill(int keys, const std::string& value = "v") {
        std::vector<KvChange> changes;
        for (int i = 0; i < keys; ++i) {
            changes.push_back({Space::kDocuments, KvChange::Kind::kPut, KeyOf(i), value});
        }
        ASSERT_TRUE(kv_.Apply(changes));
    }
    static std::string KeyOf(int i) { return std::to_string(100'000 + i); }
    Result<bool> Read(PageRange range, std::stop_token stop = {}) {
        const auto snapshot = kv_.Snapshot();
        return EachPage(
            *snapshot,
            std::move(range),
            stop,
            [](const KvPage& page) -> Result<KvPage> { return page; },
            [this](const KvPage& page) -> Result<bool> {
                for (const auto& pair : page) seen_.push_back(pair.key);
                return true;
            }
        );
    }
};

TEST_F(KvPagesTest, EveryKeyOnceInOrderWhateverThePages) {
    for (int keys : {0, 1, 999, 1'000, 1'001, 12'345}) {
        data_ = std::make_shared<MemoryKv::Data>();
        kv_ = MemoryKv(data_);
        seen_.clear();
        Fill(keys);
        ASSERT_TRUE(Read({Space::kDocuments}));
        ASSERT_EQ(seen_.size(), static_cast<size_t>(keys));
        for (int i = 0; i < keys; ++i) ASSERT_EQ(seen_[static_cast<size_t>(i)], KeyOf(i));
    }
}

TEST_F(KvPagesTest, LargeValuesMakeSmallPagesAndARangeItsEnds) {
    Fill(20, std::string(1 << 20, 'x'));
    ASSERT_TRUE(Read({Space::kDocuments, KeyOf(3), KeyOf(6)}));
    EXPECT_THAT(seen_, ElementsAre(KeyOf(3), KeyOf(4), KeyOf(5)));
    seen_.clear();
    auto snapshot = kv_.Snapshot();
    PageRange range{Space::kDocuments};
    EXPECT_EQ(NextPage(*snapshot, range)->size(), 4u) << "4 MiB";
    ASSERT_TRUE(Read({Space::kDocuments}));
    EXPECT_EQ(seen_.size(), 20u);
}

TEST_F(KvPagesTest, AnErrorOfALookOrATakeEndsIt) {
    Fill(50'000);
    const auto snapshot = kv_.Snapshot();
    std::atomic<int> looked = 0, taken = 0;
    auto failed = EachPage(
        *snapshot,
        {Space::kDocuments},
        {},
        [&](const KvPage& page) -> Result<int> {
            ++looked;
            if (page.front().key == KeyOf(5'000)) return Fail(ErrorCode::kInternal, "damaged");
            return 1;
        },
        [&](int) -> Result<bool> {
            ++taken;
            return true;
        }
    );
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().message, "damaged");
    EXPECT_EQ(taken, 5);
    EXPECT_LE(looked, 6 + static_cast<int>(std::thread::hardware_concurrency()) + 1) << "bounded";
    auto refused = EachPage(
        *snapshot,
        {Space::kDocuments},
        {},
        [](const KvPage&) -> Result<int> { return 1; },
        [](int) -> Result<bool> { return Fail(ErrorCode::kUnavailable, "no room"); }
    );
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "no room");
}

TEST_F(KvPagesTest, AStopEndsIt) {
    Fill(5'000);
    std::stop_source stop;
    stop.request_stop();
    auto stopped = Read({Space::kDocuments}, stop.get_token());
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(seen_, IsEmpty());
}

}  // namespace
}  // namespace barracuda::store
