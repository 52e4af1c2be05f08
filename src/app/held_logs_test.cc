#include "app/held_logs.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include "app/checkpoint.h"
#include "app/leftovers.h"
#include "store/rocks/store_files.h"

namespace barracuda::app {
namespace {

namespace fs = std::filesystem;

// A database of RocksDB's own, whose logs come and go.
class HeldLogsTest : public testing::Test {
protected:
    void SetUp() override {
        fs::remove_all(top_);
        fs::create_directories(top_ + "/held");
        Open();
    }
    void TearDown() override {
        db_.reset();
        fs::remove_all(top_);
    }

    void Open() {
        db_.reset();
        rocksdb::Options options;
        options.create_if_missing = true;
        rocksdb::DB* opened = nullptr;
        ASSERT_TRUE(rocksdb::DB::Open(options, data_, &opened).ok());
        db_.reset(opened);
    }
    void Write(int count) {
        for (int i = 0; i < count; ++i, ++written_) {
            ASSERT_TRUE(db_->Put({}, fmt::format("k{}", written_), "v").ok());
        }
    }
    // Writes the tables out, which takes the log away.
    void Flush() { ASSERT_TRUE(db_->Flush({}).ok()); }

    // The sequences of what is read now.
    std::vector<uint64_t> Read(HeldLogs& logs) {
        std::vector<uint64_t> sequences;
        auto read = logs.Read([&](const std::string& batch) -> Result<bool> {
            const auto head = store::HeadOf(batch);
            if (head->count > 0) sequences.push_back(head->sequence);
            return true;
        });
        EXPECT_TRUE(read) << read.error().message;
        return sequences;
    }
    static std::vector<uint64_t> From(uint64_t first, uint64_t last) {
        std::vector<uint64_t> all;
        for (; first <= last; ++first) all.push_back(first);
        return all;
    }
    size_t Held() const { return store::NamesIn(top_ + "/held")->size(); }

    const std::string top_ = fs::temp_directory_path() / fmt::format("barracuda-held-{}", getpid());
    const std::string data_ = top_ + "/db";
    std::unique_ptr<rocksdb::DB> db_;
    int written_ = 0;
};

TEST_F(HeldLogsTest, EveryBatchOnceAndInOrder) {
    HeldLogs logs(data_, top_ + "/held");
    EXPECT_EQ(Read(logs), From(1, 0));
    for (uint64_t round = 0; round < 20; ++round) {
        Write(5);
        if (round % 3 == 1) Flush();
        EXPECT_EQ(Read(logs), From(round * 5 + 1, round * 5 + 5)) << round;
    }
    EXPECT_EQ(Held(), 1u) << "what is read to its end is let go";
}

// RocksDB deletes a log that is held: what is in it is read all the same.
TEST_F(HeldLogsTest, ALogThatGoesIsReadToItsEnd) {
    HeldLogs logs(data_, top_ + "/held");
    Write(3);
    EXPECT_EQ(Read(logs), From(1, 3));
    Write(4);
    Flush();
    Write(2);
    EXPECT_EQ(Read(logs), From(4, 9));
    Open();  // a restart
    Write(1);
    EXPECT_EQ(Read(logs), From(10, 10));
}

// One that was never held: whoever counts the writes sees it.
TEST_F(HeldLogsTest, ALogThatWentUnseenLeavesAGap) {
    HeldLogs logs(data_, top_ + "/held");
    Write(2);
    EXPECT_EQ(Read(logs), From(1, 2));
    Flush();
    Write(3);
    Flush();
    Write(1);
    EXPECT_EQ(Read(logs), From(6, 6));
}

TEST_F(HeldLogsTest, AReaderThatFailsEndsIt) {
    HeldLogs logs(data_, top_ + "/held");
    Write(2);
    auto read = logs.Read([](const std::string&) -> Result<bool> {
        return Fail(ErrorCode::kUnavailable, "full");
    });
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().message, "full");
}

TEST(Leftovers, AreTakenAwayOnceNobodyHasThem) {
    const std::string data = fs::temp_directory_path() / fmt::format("barracuda-left-{}", getpid());
    fs::create_directories(data);
    for (const char* name : {"backup.1", "backup.x", "backups", "before-upgrade"}) {
        fs::create_directories(data + "/" + name);
        std::ofstream(data + "/" + name + "/CURRENT") << "x";
    }
    const auto old = fs::file_time_type::clock::now() - std::chrono::hours(25);
    RemoveLeftovers(data, Time::Now());
    EXPECT_EQ(store::NamesIn(data)->size(), 4u) << "they are young";
    for (const char* name : {"backup.1", "before-upgrade"})
        fs::last_write_time(data + "/" + name, old);
    RemoveLeftovers(data, Time::Now());
    EXPECT_EQ(*store::NamesIn(data), (std::vector<std::string>{"backup.x", "backups"}));
    auto none = WorkDirectory::Make(data);
    ASSERT_FALSE(none) << "there is no store to copy";
    fs::remove_all(data);
}

}  // namespace
}  // namespace barracuda::app
