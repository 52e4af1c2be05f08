// AnswerCounts: how many requests each route answered, by the class of the status (2xx, 4xx, …),
// and how long it took.
//
// Threads: any; no lock. Each thread counts into one of a few shards, so that io threads do not
// write to the same cache lines. A row is a line of the router's table, the last one stands for
// paths and methods that are not in it.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace barracuda::api {

class AnswerCounts {
public:
    static constexpr size_t kRowsMax = 192;
    static constexpr size_t kClasses = 5;  // 1xx to 5xx
    static constexpr std::array<double, 8> kSeconds = {0.001, 0.005, 0.025, 0.1, 0.5, 2, 5, 10};

    struct Times {
        std::array<uint64_t, kSeconds.size() + 1> counts{};  // each bucket alone; the last: longer
        double seconds_sum = 0;
    };

    // Counts one answer. A status outside 100 to 599 counts as the last class.
    void Add(size_t row, int status, std::chrono::microseconds took) {
        const int wanted = status / 100;
        const size_t of = wanted < 1 || wanted > 5 ? kClasses - 1 : static_cast<size_t>(wanted - 1);
        Row& to = (*shards_)[ShardOfThread()][row];
        Raise(to.classes[of], 1);
        Raise(to.buckets[BucketOf(took)], 1);
        Raise(to.microseconds, static_cast<uint64_t>(took.count()));
    }
    uint64_t Of(size_t row, size_t status_class) const {
        uint64_t sum = 0;
        for (const auto& shard : *shards_) sum += Read(shard[row].classes[status_class]);
        return sum;
    }
    Times TimesOf(size_t row) const {
        Times times;
        for (const auto& shard : *shards_) {
            for (size_t i = 0; i < times.counts.size(); ++i) {
                times.counts[i] += Read(shard[row].buckets[i]);
            }
            times.seconds_sum += static_cast<double>(Read(shard[row].microseconds)) / 1e6;
        }
        return times;
    }

private:
    static constexpr size_t kShards = 8;
    using Count = std::atomic<uint64_t>;
    struct alignas(64) Row {
        std::array<Count, kClasses> classes{};
        std::array<Count, kSeconds.size() + 1> buckets{};
        Count microseconds{0};
    };
    using Shard = std::array<Row, kRowsMax>;

    static void Raise(Count& count, uint64_t by) { count.fetch_add(by, std::memory_order_relaxed); }
    static uint64_t Read(const Count& count) { return count.load(std::memory_order_relaxed); }
    static size_t BucketOf(std::chrono::microseconds took) {
        const double seconds = static_cast<double>(took.count()) / 1e6;
        size_t i = 0;
        while (i < kSeconds.size() && seconds > kSeconds[i]) ++i;
        return i;
    }
    static size_t ShardOfThread() {
        static std::atomic<size_t> next{0};
        thread_local const size_t mine = next.fetch_add(1) % kShards;
        return mine;
    }

    std::unique_ptr<std::array<Shard, kShards>> shards_ =
        std::make_unique<std::array<Shard, kShards>>();
};

}  // namespace barracuda::api
