// How often one client address may post a form.
//
// A token bucket for each address, as two numbers would make it, kept as one (the time at which it
// would be full again: GCRA): up to `per_minute` at once, then one every 60 s / per_minute. Memory
// is fixed: beyond `addresses` the one unseen for longest is forgotten, which lets it start anew,
// so flooding from many addresses can free others early but never costs memory. IPv6 counts by /64,
// which is what one subscriber gets.
//
// Threads: Check may be called from any thread (one short lock of a sixteenth of the addresses).
// Time is passed in, in milliseconds of any clock that never goes back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace barracuda::api {

class RateLimit {
public:
    struct Options {
        int per_minute = 60;  // 0: off
        std::size_t addresses = 65536;
    };
    explicit RateLimit(Options options);

    // Counts one request. Nullopt: go on; otherwise the whole seconds (at least 1) to wait, for
    // Retry-After; refused requests are not counted.
    std::optional<int> Check(std::string_view address, std::int64_t now_ms);

    // Addresses remembered; at most Options::addresses, rounded up to the number of shards.
    std::size_t Size() const;

    // What an address counts as: IPv4 itself, IPv6 its /64, other text itself (at most 64 bytes).
    static std::string Key(std::string_view address);

private:
    struct Entry {
        std::string key;
        std::int64_t full_at_us = INT64_MIN;  // when all requests so far are paid for
    };
    struct Shard {
        mutable std::mutex mutex;
        std::list<Entry> entries;  // last seen first
        std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key;
    };
    static constexpr std::size_t kShards = 16;

    Entry& Touch(Shard& shard, const std::string& key);

    const std::int64_t interval_us_;  // one request's share of the minute; 0: off
    const std::size_t shard_capacity_;
    std::array<Shard, kShards> shards_;
};

}  // namespace barracuda::api
