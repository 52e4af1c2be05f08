// What every log must do, in memory and in RocksDB: pages, filters, look-ups, bounds, reopening.
#include "store/log.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "store/engine_fixture.h"
#include "store/log_writer.h"
#include "store/memory/memory_log.h"
#include "store/rocks/rocks_log.h"

namespace barracuda::store {
namespace {

using std::chrono::hours;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int64_t kStart = 1'700'000'000'000;
constexpr auto kLog = LogId::kReceived;

LogEntry Entry(int i, int64_t at = 0, const std::string& about = {}, size_t padding = 0) {
    domain::BsonWriter to;
    Time time{at == 0 ? kStart + i : at};
    to.Date("at", time);
    to.Text("name", fmt::format("n{}", i));
    to.Text("parity", i % 2 == 0 ? "even" : "odd");
    to.Int("status", 200 + i % 3);
    if (i % 5 == 0) to.Bool("conflict", true);
    if (padding > 0) to.Text("padding", std::string(padding, 'x'));
    return {.at = time, .about = about, .bson = to.Take()};
}

std::string NameIn(const std::string& bson) { return *domain::TopText(bson, "name"); }

class LogTest : public testing::TestWithParam<bool> {
protected:
    TempDirectory directory_;
    std::map<LogId, LogBounds> bounds_{
        {LogId::kReceived, {1 << 20, hours(1)}}, {LogId::kAttempts, {1 << 20, hours(1)}}};
    std::unique_ptr<LogStore> log_;

    void SetUp() override { Reopen(); }
    void Reopen() {
        log_.reset();
        if (!GetParam()) {
            log_ = std::make_unique<MemoryLog>(bounds_);
            return;
        }
        auto opened = RocksLog::Open(directory_.At("logs"), bounds_);
        ASSERT_TRUE(opened) << opened.error().message;
        log_ = std::move(*opened);
    }
    void Append(std::vector<LogEntry> entries, LogId log = kLog) {
        auto appended = log_->Append(log, entries);
        ASSERT_TRUE(appended) << appended.error().message;
    }
    // Through all pages.
    std::vector<std::string> Names(LogRequest request) {
        std::vector<std::string> names;
        for (int pages = 0; pages < 1000; ++pages) {
            auto page = log_->Read(request);
            EXPECT_TRUE(page);
            if (!page) return names;
            EXPECT_LE(page->documents.size(), request.limit);
            for (const auto& document : page->documents) names.push_back(NameIn(document));
            if (page->cursor.empty()) return names;
            request.cursor = page->cursor;
        }
        ADD_FAILURE() << "pages that never end";
        return names;
    }
};

INSTANTIATE_TEST_SUITE_P(Kinds, LogTest, testing::Bool(), [](const auto& info) {
    return std::string(info.param ? "RocksDB" : "Memory");
});

TEST_P(LogTest, NewestFirstWhateverThePageSize) {
    EXPECT_THAT(Names({}), IsEmpty());
    std::vector<std::string> wanted;
    for (int batch = 0; batch < 5; ++batch) {
        std::vector<LogEntry> entries;
        for (int i = 0; i < 7; ++i) {
            entries.push_back(Entry(batch * 7 + i));
            wanted.insert(wanted.begin(), fmt::format("n{}", batch * 7 + i));
        }
        Append(entries);
    }
    for (size_t limit : {1, 2, 7, 8, 34, 35, 100}) EXPECT_EQ(Names({.limit = limit}), wanted);
    for (size_t scanned : {1, 3, 34}) EXPECT_EQ(Names({.scanned_max = scanned}), wanted);
    EXPECT_THAT(Names({.log = LogId::kAttempts}), IsEmpty()) << "two logs, not one";
}

TEST_P(LogTest, FiltersByFieldAndTime) {
    std::vector<LogEntry> entries;
    for (int i = 0; i < 12; ++i) entries.push_back(Entry(i));
    Append(entries);
    EXPECT_THAT(
        Names({.where = {{"parity", "odd"}, {"status", int64_t{200}}}, .limit = 1}),
        ElementsAre("n9", "n3")
    );
    EXPECT_THAT(Names({.where = {{"conflict", true}}}), ElementsAre("n10", "n5", "n0"));
    EXPECT_THAT(Names({.where = {{"conflict", false}}}), SizeIs(9)) << "absent is false";
    EXPECT_THAT(Names({.where = {{"absent", "x"}}}), IsEmpty());
    EXPECT_THAT(Names({.where = {{"status", "200"}}}), IsEmpty()) << "a number is no text";
    EXPECT_THAT(
        Names({.from = Time{kStart + 3}, .to = Time{kStart + 6}}), ElementsAre("n5", "n4", "n3")
    );
}

// The others keep their places, and nothing of it stays in the files.
TEST_P(LogTest, WhatIsErasedIsGoneAndNothingElse) {
    for (int batch = 0; batch < 3; ++batch) {
        std::vector<LogEntry> entries;
        for (int i = 0; i < 6; ++i) entries.push_back(Entry(batch * 6 + i, 0, "d1"));
        Append(entries);
    }
    Append({Entry(3)}, LogId::kAttempts);
    auto files_say = [&](std::string_view word) {
        if (!GetParam()) return false;
        for (const auto& file : std::filesystem::directory_iterator(directory_.At("logs"))) {
            std::ifstream in(file.path(), std::ios::binary);
            const std::string bytes(std::istreambuf_iterator<char>(in), {});
            if (bytes.find(word) != std::string::npos) return true;
        }
        return false;
    };
    EXPECT_EQ(files_say("n7"), GetParam()) << "control";
    const std::vector<std::string> gone{"n3", "n7", "n17", "nobody"};
    ASSERT_TRUE(log_->Erase(kLog, "name", gone));
    std::vector<std::string> left;
    for (int i = 16; i >= 0; --i) {
        if (i != 3 && i != 7) left.push_back(fmt::format("n{}", i));
    }
    for (size_t limit : {1, 2, 100}) {
        EXPECT_EQ(Names({.limit = limit}), left);
        EXPECT_EQ(Names({.about = "d1", .limit = limit}), left);
    }
    EXPECT_THAT(Names({.log = LogId::kAttempts}), ElementsAre("n3")) << "of that log alone";
    EXPECT_FALSE(files_say("n7"));
    ASSERT_TRUE(log_->Erase(kLog, "status", gone)) << "no text";
    Append({Entry(18)});
    EXPECT_THAT(Names({.limit = 2}), testing::Contains("n18"));
    if (!GetParam()) return;
    Reopen();
    EXPECT_EQ(Names({.from = Time{kStart}, .to = Time{kStart + 18}}), left);
    EXPECT_FALSE(files_say("n7"));
}

TEST_P(LogTest, LooksUpWhatRecordsAreAbout) {
    for (int batch = 0; batch < 4; ++batch) {
        std::vector<LogEntry> entries;
        for (int i = 0; i < 6; ++i) {
            int n = batch * 6 + i;
            entries.push_back(Entry(n, 0, n % 4 == 0 ? "d1" : n % 4 == 1 ? "d10" : ""));
        }
        Append(entries);
    }
    std::vector<std::string> wanted{"n20", "n16", "n12", "n8", "n4", "n0"};
    for (size_t limit : {1, 2, 100}) EXPECT_EQ(Names({.about = "d1", .limit = limit}), wanted);
    EXPECT_THAT(Names({.about = "d"}), IsEmpty());
    EXPECT_THAT(Names({.about = "d10"}), SizeIs(6));
}

TEST_P(LogTest, KeepsWithinItsSize) {
    for (int i = 0; i < 400; ++i) Append({Entry(i, kStart + i, "same", 8'000)});
    ASSERT_TRUE(log_->Trim(kLog, Time{kStart + 400}));
    auto stats = log_->stats(kLog);
    EXPECT_LE(stats.bytes, 1u << 20);
    EXPECT_GE(stats.bytes, (1u << 20) * 14 / 16) << "not more than a sixteenth too much goes";
    auto names = Names({.limit = 1000});
    EXPECT_EQ(names.size(), stats.records);
    EXPECT_EQ(names.front(), "n399");
    EXPECT_EQ(stats.oldest, Time{kStart + 400 - static_cast<int64_t>(names.size())});
    EXPECT_EQ(Names({.about = "same", .limit = 1000}), names) << "look-ups go with their records";
}

TEST_P(LogTest, ForgetsWhatIsOld) {
    constexpr int64_t kMinute = 60'000;
    for (int i = 0; i < 120; ++i) Append({Entry(i, kStart + i * kMinute)});
    ASSERT_TRUE(log_->Trim(kLog, Time{kStart + 120 * kMinute}));
    auto names = Names({.limit = 1000});
    EXPECT_GE(names.size(), 60u);
    EXPECT_LE(names.size(), 65u);
    ASSERT_TRUE(log_->Trim(kLog, Time{kStart + 1000 * kMinute}));
    EXPECT_THAT(Names({}), IsEmpty());
    EXPECT_EQ(log_->stats(kLog).bytes, 0u);
    EXPECT_FALSE(log_->stats(kLog).oldest);
    Append({Entry(7)});
    EXPECT_THAT(Names({}), ElementsAre("n7")) << "it goes on afterwards";
}

TEST_P(LogTest, RefusesACursorOfOthers) {
    auto page = log_->Read({.cursor = "no cursor"});
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().code, ErrorCode::kInvalid);
}

TEST(RocksLog, ReopensWithWhatItHad) {
    TempDirectory directory;
    std::map<LogId, LogBounds> bounds{{kLog, {1 << 20, hours(1)}}};
    std::vector<std::string> before;
    LogStats stats;
    for (int life = 0; life < 3; ++life) {
        auto log = RocksLog::Open(directory.At("logs"), bounds);
        ASSERT_TRUE(log) << log.error().message;
        auto page = (*log)->Read({.limit = 10'000});
        ASSERT_TRUE(page);
        std::vector<std::string> names;
        for (const auto& document : page->documents) names.push_back(NameIn(document));
        EXPECT_EQ(names, before);
        EXPECT_EQ((*log)->stats(kLog).bytes, stats.bytes);
        EXPECT_EQ((*log)->stats(kLog).oldest, stats.oldest);
        for (int i = 0; i < 150; ++i) {
            std::vector<LogEntry> entries{Entry(life * 1000 + i, kStart + i, "d", 1'000)};
            ASSERT_TRUE((*log)->Append(kLog, entries));
            before.insert(before.begin(), fmt::format("n{}", life * 1000 + i));
        }
        stats = (*log)->stats(kLog);
    }
}

TEST(RocksLog, DamageStopsNobody) {
    TempDirectory directory;
    std::map<LogId, LogBounds> bounds{{kLog, {1 << 20, hours(1)}}};
    { ASSERT_TRUE(RocksLog::Open(directory.At("logs"), bounds)); }
    std::ofstream(directory.At("logs") + "/CURRENT") << "rubbish";
    {
        EXPECT_THAT(
            (*RocksLog::Open(directory.At("logs"), bounds))->lost(), testing::HasSubstr("CURRENT")
        );
    }
    std::filesystem::remove(directory.At("logs") + "/CURRENT");
    auto log = RocksLog::Open(directory.At("logs"), bounds);
    ASSERT_TRUE(log) << log.error().message;
    std::vector<LogEntry> entries{Entry(1)};
    EXPECT_TRUE((*log)->Append(kLog, entries));
    auto second = RocksLog::Open(directory.At("logs"), bounds);
    EXPECT_FALSE(second) << "in use is no damage";
}

// A store that cannot write, or is slow to.
class StuckLog final : public LogStore {
public:
    std::mutex gate;
    bool fails = false;
    Result<bool> Append(LogId, std::span<const LogEntry>) override {
        std::lock_guard lock(gate);
        if (fails) return Fail(ErrorCode::kUnavailable, "no");
        return true;
    }
    Result<LogPage> Read(const LogRequest&) override { return LogPage(); }
    Result<bool> Trim(LogId, Time) override { return true; }
    LogStats stats(LogId) const override { return {}; }
};

TEST(LogWriter, WhatWasPutIsReadableAfterFlush) {
    MemoryLog log({{kLog, {1 << 20, hours(1'000'000)}}});
    LogWriter<int> writer(log, kLog, [](const int& i) { return Entry(i); });
    for (int i = 0; i < 1000; ++i) {
        int record = i;
        writer.Put(std::move(record));
    }
    writer.Flush();
    EXPECT_EQ(log.stats(kLog).records, 1000u);
    EXPECT_EQ(writer.counters().written, 1000u);
    EXPECT_EQ(writer.counters().dropped, 0u);
}

TEST(LogWriter, NeverWaitsAndCountsWhatItDrops) {
    StuckLog log;
    constexpr size_t kQueue = 10;
    uint64_t put = 0;
    LogWriter<int> writer(
        log, kLog, [](const int& i) { return Entry(i); }, {}, NoFaults(), kQueue
    );
    {
        std::lock_guard stuck(log.gate);
        for (int i = 0; i < 1000; ++i, ++put) writer.Put(1);
    }
    writer.Flush();
    auto counters = writer.counters();
    EXPECT_EQ(counters.written + counters.dropped, put);
    EXPECT_GE(counters.dropped, put - 3 * kQueue);
    EXPECT_GE(counters.written, kQueue);
    log.fails = true;
    writer.Put(1);
    writer.Flush();
    EXPECT_EQ(writer.counters().dropped, counters.dropped + 1) << "a failed write is a loss";
}

TEST(LogWriter, WritesTheRestAtItsEnd) {
    MemoryLog log({{kLog, {1 << 20, hours(1'000'000)}}});
    {
        LogWriter<int> writer(log, kLog, [](const int& i) { return Entry(i); });
        for (int i = 0; i < 10; ++i) writer.Put(1);
    }
    EXPECT_EQ(log.stats(kLog).records, 10u);
}

TEST_P(LogTest, APlaceBringsItsRecordBack) {
    Append({Entry(1), Entry(2)});
    Append({Entry(3)});
    auto page = log_->Read({.log = kLog, .limit = 10});
    ASSERT_TRUE(page);
    ASSERT_EQ(page->places.size(), page->documents.size());
    for (size_t i = 0; i < page->places.size(); ++i) {
        auto one = log_->Read({.log = kLog, .cursor = page->places[i], .limit = 1});
        ASSERT_TRUE(one);
        EXPECT_THAT(one->documents, ElementsAre(page->documents[i]));
        EXPECT_THAT(one->places, ElementsAre(page->places[i])) << "one that is gone has another";
    }
}

TEST_P(LogTest, ANumberIsHeldAgainstABound) {
    for (int i = 0; i < 9; ++i) Append({Entry(i)});
    using enum LogFilter::Test;
    EXPECT_THAT(
        log_->Read({.log = kLog, .where = {{"status", int64_t{201}, kAtLeast}}})->documents,
        SizeIs(6)
    );
    EXPECT_THAT(
        log_->Read({.log = kLog, .where = {{"status", int64_t{201}, kBelow}}})->documents, SizeIs(3)
    );
    EXPECT_THAT(
        log_->Read({.log = kLog, .where = {{"status", int64_t{201}}}})->documents, SizeIs(3)
    );
    EXPECT_THAT(
        log_->Read({.log = kLog, .where = {{"name", int64_t{0}, kBelow}}})->documents, IsEmpty()
    );
}

}  // namespace
}  // namespace barracuda::store
