// Limits of posts a minute: of one client address, of the network it is in, and of all together.
//
// A token bucket for each address, as two numbers would make it, kept as one (the time at which it
// would be full again: GCRA): up to `per_minute` at once, then one every 60 s / per_minute. Memory
// is fixed: beyond `addresses` the one unseen for longest is forgotten, which lets it start anew,
// so flooding from many addresses can free others early but never costs memory, and is bounded by
// `total_per_minute`. IPv6 counts by /64, which is what one subscriber gets, and by /48, ten times
// as much, which one site may have whole (client_address.h).
//
// Threads: Check may be called from any thread (one short lock of a sixteenth of the addresses).
// Time is passed in, in milliseconds of any clock that never goes back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/thread_safety.h"

namespace barracuda::auth {

class RateLimit {
public:
    struct Options {
        int per_minute = 60;       // 0: off, the total too
        int total_per_minute = 0;  // 0: off
        std::size_t addresses = 65536;
    };
    explicit RateLimit(Options options);

    // Counts one request. Nullopt: go on; otherwise the whole seconds (at least 1) to wait, for
    // Retry-After; refused requests are not counted.
    std::optional<int> Check(std::string_view address, std::int64_t now_ms);

    // Addresses remembered; at most Options::addresses, rounded up to the number of shards.
    std::size_t Size() const;

private:
    struct Entry {
        std::string key;
        std::int64_t full_at_us = INT64_MIN;  // when all requests so far are paid for
    };
    struct Shard {
        mutable Mutex mutex;
        std::list<Entry> entries GUARDED_BY(mutex);  // last seen first
        std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key GUARDED_BY(mutex);
    };
    static constexpr std::size_t kShards = 16;

    static constexpr int kNetworkFactor = 10;  // addresses' worth for a whole /48

    Shard& ShardOf(const std::string& key);
    static Entry& Touch(Shard& shard, std::size_t capacity, const std::string& key)
        REQUIRES(shard.mutex);
    // Nullopt: counted under `key`, one request being worth `interval_us` of its minute.
    std::optional<int> Take(const std::string& key, std::int64_t interval_us, std::int64_t now_us);
    void GiveBack(const std::string& key, std::int64_t interval_us);

    const std::int64_t interval_us_;  // one request's share of the minute; 0: off
    const std::int64_t total_interval_us_;
    const std::size_t shard_capacity_;
    std::array<Shard, kShards> shards_;
    Mutex total_mutex_;
    std::int64_t total_full_at_us_ GUARDED_BY(total_mutex_) = INT64_MIN;
};

}  // namespace barracuda::auth
