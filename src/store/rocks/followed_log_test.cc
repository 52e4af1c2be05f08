#include "store/rocks/followed_log.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/write_batch.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "store/rocks/store_files.h"
#include "store/rocks/wal_reader.h"

namespace barracuda::store {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string BytesOf(const std::string& path) {
    std::ifstream from(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(from), {}};
}

void PutBytes(const std::string& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// Of two writes, as the store makes one.
std::string BatchAt(uint64_t sequence) {
    rocksdb::WriteBatch batch;
    batch.Put(fmt::format("key {}", sequence), std::string(60, 'v'));
    batch.Delete(fmt::format("key {}", sequence - 1));
    std::string bytes = batch.Data();
    std::memcpy(bytes.data(), &sequence, sizeof sequence);
    return bytes;
}

class FollowedLog : public testing::Test {
protected:
    static constexpr int kBatches = 12;

    void SetUp() override { Write(log_, 12); }
    void TearDown() override { fs::remove_all(top_); }

    // Segments of about three batches; the last one of each is said to be kept.
    static void Write(const std::string& directory, int batches) {
        auto log = FollowedLogWriter::Begin(directory, 100, Time{1'000}, 500);
        ASSERT_TRUE(log) << log.error().message;
        for (int i = 0; i < batches; ++i) {
            ASSERT_TRUE((*log)->Append(BatchAt(101 + 2 * i), Time{1'001 + i}));
            ASSERT_TRUE((*log)->Sync(Time{1'001 + i}));
        }
    }

    // What is read, whole batches from the first on; the error's words where it is refused.
    std::string Read(size_t* count = nullptr) {
        size_t taken = 0;
        auto end = ReadFollowedLog(log_, [&](const FollowedBatch& one) -> Result<bool> {
            EXPECT_EQ(one.bytes, BatchAt(101 + 2 * taken)) << "nothing is ever invented";
            EXPECT_EQ(one.at.ms, static_cast<int64_t>(1'001 + taken));
            ++taken;
            return true;
        });
        if (count) *count = taken;
        if (!end) return end.error().message;
        EXPECT_GE(taken, size_t{kBatches});
        EXPECT_EQ(end->sequence, 100u + 2 * taken);
        return "";
    }

    const std::string top_ =
        fs::temp_directory_path() / fmt::format("barracuda-followed-{}", getpid());
    const std::string log_ = (fs::create_directories(top_), top_ + "/one.log");
};

TEST_F(FollowedLog, IsReadAsItWasWritten) {
    size_t count = 0;
    EXPECT_EQ(Read(&count), "");
    EXPECT_EQ(count, size_t{kBatches});
    EXPECT_EQ(ReachOf(log_)->ms, 1'000 + kBatches);
    EXPECT_GT(NamesIn(log_)->size(), 3u) << "several segments";
}

TEST_F(FollowedLog, TakesOnlyWhatFollows) {
    auto log = FollowedLogWriter::Begin(top_ + "/other.log", 5, Time{1});
    ASSERT_TRUE(log);
    EXPECT_FALSE((*log)->Append(BatchAt(7), Time{2}));
    EXPECT_FALSE((*log)->Append(BatchAt(5), Time{2}));
    EXPECT_FALSE((*log)->Append("", Time{2}));
    EXPECT_TRUE((*log)->Append(BatchAt(6), Time{2}));
}

// A clock that was set back makes no later batch earlier: a time names one place in the log.
TEST_F(FollowedLog, TimesNeverGoBack) {
    auto log = FollowedLogWriter::Begin(top_ + "/other.log", 0, Time{50});
    ASSERT_TRUE((*log)->Append(BatchAt(1), Time{90}) && (*log)->Append(BatchAt(3), Time{60}));
    ASSERT_TRUE((*log)->Sync(Time{61}));
    std::vector<int64_t> times;
    auto end = ReadFollowedLog(top_ + "/other.log", [&](const auto& one) -> Result<bool> {
        times.push_back(one.at.ms);
        return true;
    });
    ASSERT_TRUE(end);
    EXPECT_EQ(times, (std::vector<int64_t>{90, 90}));
}

TEST_F(FollowedLog, AMissingSegmentIsNamed) {
    const auto names = NamesIn(log_).value();
    for (const auto& name : names) {
        const std::string path = log_ + "/" + name, aside = top_ + "/aside";
        fs::rename(path, aside);
        EXPECT_THAT(Read(), HasSubstr("missing")) << name;
        fs::rename(aside, path);
    }
    EXPECT_EQ(Read(), "") << "control";
}

TEST_F(FollowedLog, AnotherLogsSegmentIsRefused) {
    Write(top_ + "/other.log", 9);
    fs::copy_file(
        top_ + "/other.log/00000003.batches",
        log_ + "/00000002.batches",
        fs::copy_options::overwrite_existing
    );
    EXPECT_THAT(Read(), HasSubstr("00000002.batches: it does not follow"));
}

TEST_F(FollowedLog, AnyBitThatFlipsIsSeen) {
    size_t tried = 0;
    const auto names = NamesIn(log_).value();
    for (const auto& name : names) {
        if (name == "HIGH_WATER") continue;  // two records with checksums: high_water_test
        const std::string path = log_ + "/" + name, whole = BytesOf(path);
        for (size_t i = 0; i < whole.size(); ++i) {
            std::string harmed = whole;
            harmed[i] = static_cast<char>(harmed[i] ^ (1 << (i % 8)));
            PutBytes(path, harmed);
            EXPECT_NE(Read(), "") << name << " byte " << i;
            ++tried;
        }
        PutBytes(path, whole);
    }
    EXPECT_GT(tried, 1'000u);
    EXPECT_EQ(Read(), "") << "control";
}

// Wherever it is cut, what was said to be kept is either there or missed.
TEST_F(FollowedLog, AnyCutIsSeen) {
    const auto names = NamesIn(log_).value();
    for (const auto& name : names) {
        if (name == "HIGH_WATER") continue;
        const std::string path = log_ + "/" + name, whole = BytesOf(path);
        for (size_t size = 0; size < whole.size(); ++size) {
            PutBytes(path, std::string_view(whole).substr(0, size));
            EXPECT_NE(Read(), "") << name << " cut to " << size;
        }
        PutBytes(path, whole);
    }
    EXPECT_EQ(Read(), "") << "control";
}

// A kill in the middle of a write: nobody was told that it is kept.
TEST_F(FollowedLog, ATornTailBehindWhatIsKeptIsLeftOut) {
    fs::remove_all(log_);
    {
        auto log = FollowedLogWriter::Begin(log_, 100, Time{1'000});
        for (int i = 0; i < kBatches; ++i) {
            ASSERT_TRUE((*log)->Append(BatchAt(101 + 2 * i), Time{1'001 + i}));
        }
        ASSERT_TRUE((*log)->Sync(Time{1'000 + kBatches}));
        ASSERT_TRUE((*log)->Append(BatchAt(101 + 2 * kBatches), Time{1'001 + kBatches}));
    }
    const std::string path = log_ + "/00000001.batches", whole = BytesOf(path);
    size_t count = 0;
    EXPECT_EQ(Read(&count), "");
    EXPECT_EQ(count, size_t{kBatches + 1}) << "it is there, so it is taken";
    const size_t tail = whole.size() - BatchAt(101 + 2 * kBatches).size() - 60;
    for (size_t size = tail; size < whole.size(); ++size) {
        PutBytes(path, std::string_view(whole).substr(0, size));
        EXPECT_EQ(Read(&count), "") << size;
        EXPECT_EQ(count, size_t{kBatches});
        PutBytes(path, std::string(whole, 0, tail) + std::string(size - tail, '\0'));
        EXPECT_EQ(Read(&count), "") << "zeros, as a power cut leaves them";
    }
    PutBytes(path, std::string_view(whole).substr(0, tail - 1));
    EXPECT_NE(Read(), "") << "one byte more is of what was kept";
}

TEST(WalStamp, StandsInTheBatch) {
    rocksdb::WriteBatch batch;
    batch.PutLogData(StampOf(Time{1'769'900'000'123}));
    batch.Put("k", "v");
    EXPECT_EQ(StampIn(batch.Data()), Time{1'769'900'000'123});
    EXPECT_EQ(HeadOf(batch.Data())->count, 1u) << "it is no write";
    rocksdb::WriteBatch older;
    older.PutLogData("another's");
    EXPECT_EQ(StampIn(older.Data()), std::nullopt);
    EXPECT_EQ(StampIn("no batch"), std::nullopt);
}

}  // namespace
}  // namespace barracuda::store
