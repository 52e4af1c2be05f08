#include "store/rocks/wal_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include "store/rocks/store_files.h"

namespace barracuda::store {
namespace {

namespace fs = std::filesystem;

// Logs as RocksDB itself writes them.
class WalReaderTest : public testing::Test {
protected:
    void SetUp() override {
        fs::remove_all(top_);
        fs::create_directories(top_);
        rocksdb::Options options;
        options.create_if_missing = true;
        rocksdb::DB* opened = nullptr;
        ASSERT_TRUE(rocksdb::DB::Open(options, top_ + "/db", &opened).ok());
        db_.reset(opened);
    }
    void TearDown() override {
        db_.reset();
        fs::remove_all(top_);
    }

    void Write(size_t bytes) {
        rocksdb::WriteBatch batch;
        batch.PutLogData(StampOf(Time{static_cast<int64_t>(1'000 + written_)}));
        batch.Put(
            fmt::format("k{}", written_), std::string(bytes, static_cast<char>('a' + written_ % 26))
        );
        ASSERT_TRUE(db_->Write({}, &batch).ok());
        ++written_;
    }
    std::string LogPath() const {
        std::string newest;
        const auto names = NamesIn(top_ + "/db").value();
        for (const auto& name : names) {
            if (name.ends_with(".log")) newest = name;
        }
        return top_ + "/db/" + newest;
    }
    static WalReader ReaderOf(const std::string& path) {
        return WalReader(File(open(path.c_str(), O_RDONLY | O_CLOEXEC)));
    }
    // How many batches are read, each the next one; whether it ended with an error.
    static size_t CountIn(WalReader& reader, bool* damaged = nullptr, size_t from = 0) {
        for (size_t count = from;; ++count) {
            auto batch = reader.Next();
            if (damaged) *damaged = !batch;
            if (!batch || !*batch) return count;
            const auto head = HeadOf(**batch);
            EXPECT_TRUE(head && head->count == 1 && head->sequence == count + 1) << count;
            EXPECT_EQ(StampIn(**batch), Time{static_cast<int64_t>(1'000 + count)});
        }
    }

    const std::string top_ = fs::temp_directory_path() / fmt::format("barracuda-wal-{}", getpid());
    std::unique_ptr<rocksdb::DB> db_;
    size_t written_ = 0;
};

TEST_F(WalReaderTest, ReadsWhatRocksDbWrites) {
    // Around the ends of blocks of 32 KiB, where a record is split and too little room is left
    // over.
    for (size_t bytes = 32'600; bytes < 32'780; ++bytes) Write(bytes);
    for (size_t bytes : {0, 1, 100'000, 3'000'000, 7}) Write(bytes);
    auto reader = ReaderOf(LogPath());
    EXPECT_EQ(CountIn(reader), written_);
}

TEST_F(WalReaderTest, GoesOnWhereMoreIsWritten) {
    auto reader = ReaderOf(LogPath());
    size_t read = CountIn(reader);
    EXPECT_EQ(read, 0u);
    for (int round = 0; round < 200; ++round) {
        Write(static_cast<size_t>(round) * 37 % 1'500);
        read = CountIn(reader, nullptr, read);
        ASSERT_EQ(read, written_);
    }
}

TEST_F(WalReaderTest, NothingIsInventedWhereItIsCutOrHarmed) {
    constexpr size_t kBatches = 12;
    for (size_t i = 0; i < kBatches; ++i) Write(i * 27);
    std::ifstream from(LogPath(), std::ios::binary);
    const std::string whole{std::istreambuf_iterator<char>(from), {}};
    const std::string path = top_ + "/copy";
    const auto put = [&](std::string_view bytes) {
        std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    };
    size_t before = 0, seen = 0;
    for (size_t size = 0; size <= whole.size(); ++size) {
        put(std::string_view(whole).substr(0, size));
        auto reader = ReaderOf(path);
        bool damaged = true;
        const size_t count = CountIn(reader, &damaged);
        EXPECT_FALSE(damaged) << "an end is no damage";
        EXPECT_GE(count, before);
        before = count;
    }
    EXPECT_EQ(before, kBatches);
    for (size_t i = 0; i < whole.size(); ++i) {
        std::string harmed = whole;
        harmed[i] = static_cast<char>(harmed[i] ^ (1 << (i % 8)));
        put(harmed);
        auto reader = ReaderOf(path);
        const size_t count = CountIn(reader);
        EXPECT_LT(count, kBatches) << i;
        ++seen;
    }
    EXPECT_EQ(seen, whole.size());
}

TEST_F(WalReaderTest, AReadFailureIsNoEnd) {
    WalReader reader{File(open(top_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC))};
    auto batch = reader.Next();
    ASSERT_FALSE(batch);
    EXPECT_EQ(batch.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace barracuda::store
