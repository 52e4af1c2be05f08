#include "store/rocks/replay.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "store/engine_fixture.h"
#include "store/rocks/followed_log.h"
#include "store/rocks/high_water.h"
#include "store/rocks/rocks_kv.h"
#include "store/rocks/store_files.h"
#include "store/rocks/wal_reader.h"

namespace barracuda::store {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// A store, a checkpoint of it in the middle, and the log since, made of its own write-ahead log.
class ReplayTest : public testing::Test {
protected:
    static constexpr int kBefore = 10, kAfter = 20;

    void SetUp() override {
        fs::remove_all(top_);
        fs::create_directories(top_);
        auto kv = OpenRocks({.directory = top_ + "/db"});
        ASSERT_TRUE(kv) << kv.error().message;
        auto engine = std::move(KvEngine::Open(std::move(*kv)).value());
        Deal(*engine, 0, kBefore);
        ASSERT_TRUE(engine->Backup(base_));
        sequence_ = ReadHighWater(base_)->sequence;
        Deal(*engine, kBefore, kBefore + kAfter);
        ReadBatches();
        ASSERT_EQ(batches_.size(), size_t{kAfter});
        WriteLog(log_, 0, kAfter);
    }
    void TearDown() override { fs::remove_all(top_); }

    static void Deal(KvEngine& engine, int from, int to) {
        for (int i = from; i < to; ++i) {
            const std::string click = fmt::format("c{}", i);
            Put(engine, DealRef(click), std::nullopt, Document({.click = click, .due = i}));
        }
    }
    void ReadBatches() {
        const auto names = NamesIn(top_ + "/db").value();
        for (const auto& name : names) {
            if (!name.ends_with(".log")) continue;
            WalReader reader{File(open((top_ + "/db/" + name).c_str(), O_RDONLY | O_CLOEXEC))};
            for (auto batch = reader.Next(); batch && *batch; batch = reader.Next()) {
                const auto head = HeadOf(**batch);
                if (head->count > 0 && head->sequence > sequence_) batches_.push_back(**batch);
            }
        }
    }
    static Time At(int batch) { return Time{1'000 + 10 * batch}; }

    // Of these batches, each 10 ms after the one before.
    void WriteLog(const std::string& directory, int from, int to) {
        const uint64_t before = HeadOf(batches_[static_cast<size_t>(from)])->sequence - 1;
        auto log = FollowedLogWriter::Begin(directory, before, At(from));
        ASSERT_TRUE(log);
        for (int i = from; i < to; ++i) {
            ASSERT_TRUE((*log)->Append(batches_[static_cast<size_t>(i)], At(i)));
        }
        ASSERT_TRUE((*log)->Sync(At(to)));
    }
    Result<Replayed> Into(const std::string& to, std::optional<Time> until) {
        fs::remove_all(to);
        fs::copy(base_, to);
        return Replay(to, log_, until);
    }
    // The conversions there, by a store that opens it and finds itself sound.
    static int CountIn(const std::string& directory) {
        auto kv = OpenRocks({.directory = directory});
        EXPECT_TRUE(kv) << kv.error().message;
        auto engine = std::move(KvEngine::Open(std::move(*kv)).value());
        EXPECT_TRUE(engine->Verify(false)->empty());
        ScanRequest request;
        request.limit = 1'000;
        return static_cast<int>(engine->Scan(request)->documents.size());
    }

    const std::string top_ =
        fs::temp_directory_path() / fmt::format("barracuda-replay-{}", getpid());
    const std::string base_ = top_ + "/base", log_ = top_ + "/base.log", to_ = top_ + "/to";
    uint64_t sequence_ = 0;
    std::vector<std::string> batches_;
};

TEST_F(ReplayTest, BringsAllThatCameSince) {
    auto done = Into(to_, std::nullopt);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->batches, size_t{kAfter});
    EXPECT_EQ(done->last, At(kAfter - 1));
    EXPECT_EQ(CountIn(to_), kBefore + kAfter);
    EXPECT_EQ(CountIn(base_), kBefore) << "control: without it they are missing";
}

TEST_F(ReplayTest, EndsAtExactlyTheBatchOfATime) {
    for (int i = 0; i < kAfter; ++i) {
        for (const int64_t more : {0, 9}) {
            auto done = Into(to_, Time{At(i).ms + more});
            ASSERT_TRUE(done) << done.error().message;
            EXPECT_EQ(CountIn(to_), kBefore + i + 1) << i;
        }
    }
    auto none = Into(to_, Time{At(0).ms - 1});
    ASSERT_TRUE(none);
    EXPECT_EQ(none->batches, 0u);
    EXPECT_EQ(CountIn(to_), kBefore);
}

TEST_F(ReplayTest, SaysWhatItCannotKnow) {
    EXPECT_TRUE(Into(to_, At(kAfter))) << "nothing came until then";
    auto later = Into(to_, Time{At(kAfter).ms + 1});
    ASSERT_FALSE(later);
    EXPECT_EQ(later.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(later.error().message, HasSubstr(At(kAfter).Iso()));
}

TEST_F(ReplayTest, ALogThatDoesNotGoOnFromTheBackupIsRefused) {
    fs::remove_all(log_);
    WriteLog(log_, 3, kAfter);
    auto gap = Into(to_, std::nullopt);
    ASSERT_FALSE(gap);
    EXPECT_THAT(gap.error().message, HasSubstr("the log goes on at write"));
}

// Done twice it changes nothing: what the store holds already is passed over.
TEST_F(ReplayTest, TwiceIsOnce) {
    ASSERT_TRUE(Into(to_, At(7)));
    auto again = Replay(to_, log_, std::nullopt);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->batches, size_t{kAfter} - 8);
    EXPECT_EQ(CountIn(to_), kBefore + kAfter);
}

TEST_F(ReplayTest, EveryBatchOfTheStoreCarriesItsTime) {
    const Time now = Time::Now();
    Time before;
    for (const auto& batch : batches_) {
        const auto at = StampIn(batch);
        ASSERT_TRUE(at);
        EXPECT_GE(*at, before);
        EXPECT_GE(at->ms, now.ms - 60'000);
        EXPECT_LE(*at, now);
        before = *at;
    }
}

}  // namespace
}  // namespace barracuda::store
