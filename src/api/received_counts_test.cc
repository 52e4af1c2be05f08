// What came in, counted as its list shows it.
#include "api/received_counts.h"

#include <gtest/gtest.h>

#include "domain/bson.h"
#include "store/memory/memory_log.h"

namespace barracuda::api {
namespace {

store::LogEntry Entry(int i, int status, const char* verdict, const char* reason) {
    domain::BsonWriter to;
    const Time at{1'700'000'000'000 + i};
    to.Date("at", at);
    to.Int("status", status);
    if (*verdict) to.Text("verdict", verdict);
    if (*reason) to.Text("reason", reason);
    to.Text("by", i % 2 == 0 ? "key:a" : "key:b");
    if (i % 3 == 0) to.Bool("conflict", true);
    return {.at = at, .about = {}, .bson = to.Take()};
}

class ReceivedCountsTest : public testing::Test {
protected:
    store::MemoryLog log_{{{store::LogId::kReceived, {size_t{1} << 30, std::chrono::hours(1)}}}};

    void Put(int count) {
        std::vector<store::LogEntry> entries;
        for (int i = 0; i < count; ++i) {
            const bool refused = i % 4 == 0;
            const char* verdict = refused ? "" : i % 4 == 1 ? "duplicate" : "recorded";
            const char* reason = !refused     ? ""
                                 : i % 8 == 0 ? "click_id is required"
                                              : "no such goal";
            entries.push_back(Entry(i, refused ? 400 : 200, verdict, reason));
        }
        ASSERT_TRUE(log_.Append(store::LogId::kReceived, entries));
    }
    size_t Listed(store::LogRequest request) {
        request.limit = 1'000'000;
        return log_.Read(request)->documents.size();
    }
};

TEST_F(ReceivedCountsTest, AreOfTheList) {
    Put(400);
    auto counts = CountReceivedIn(log_, {});
    ASSERT_TRUE(counts);
    EXPECT_EQ(counts->total, 400);
    EXPECT_TRUE(counts->complete);
    EXPECT_EQ(counts->verdicts.at("recorded"), 200);
    EXPECT_EQ(counts->verdicts.at("duplicate"), 100);
    using enum store::LogFilter::Test;
    const store::LogFilter refused{"status", kRefusedFrom, kAtLeast};
    EXPECT_EQ(counts->refused, int64_t(Listed({.where = {refused}})));
    EXPECT_EQ(
        400 - counts->refused, int64_t(Listed({.where = {{"status", kRefusedFrom, kBelow}}}))
    );
    EXPECT_EQ(counts->conflicts, int64_t(Listed({.where = {{"conflict", true}}})));
    EXPECT_EQ(counts->oldest, Time{1'700'000'000'000});
    int64_t told = 0;
    for (const auto& one : counts->reasons) {
        const auto listed = Listed({.where = {{"reason", one.reason}, {"by", one.by}}});
        EXPECT_EQ(one.count, int64_t(listed)) << one.reason;
        told += one.count;
    }
    EXPECT_EQ(told, counts->refused);
}

TEST_F(ReceivedCountsTest, FollowTheFilterWhateverItsPage) {
    Put(40);
    const store::LogRequest asked{
        .where = {{"by", std::string("key:a")}}, .cursor = "7", .limit = 1, .scanned_max = 1};
    auto counts = CountReceivedIn(log_, asked);
    ASSERT_TRUE(counts);
    EXPECT_EQ(counts->total, 20);
    EXPECT_EQ(counts->refused, 10);
}

TEST_F(ReceivedCountsTest, OfALongLogAreOfTheNewest) {
    Put(100'500);
    auto counts = CountReceivedIn(log_, {});
    ASSERT_TRUE(counts);
    EXPECT_FALSE(counts->complete);
    EXPECT_EQ(counts->total, 100'000);
    EXPECT_EQ(counts->oldest, Time{1'700'000'000'500});
}

TEST_F(ReceivedCountsTest, OfNothing) {
    auto counts = CountReceivedIn(log_, {});
    ASSERT_TRUE(counts);
    EXPECT_EQ(counts->total, 0);
    EXPECT_FALSE(counts->oldest);
    EXPECT_TRUE(counts->complete && counts->reasons.empty());
}

}  // namespace
}  // namespace barracuda::api
