#include "auth/rate_limit.h"

#include <algorithm>
#include <functional>

#include "auth/client_address.h"
#include "base/check.h"

namespace barracuda::auth {
namespace {

constexpr std::int64_t kMinuteUs = 60'000'000;

// One request's share of a minute in which so many may come; 0: off.
std::int64_t ShareOf(int per_minute) {
    return per_minute > 0 ? std::max<std::int64_t>(1, kMinuteUs / per_minute) : 0;
}

// Counts one request at `full_at_us`, or says how many seconds it has to wait. A whole minute's
// worth may come at once.
std::optional<int> CountAt(
    std::int64_t& full_at_us, std::int64_t interval_us, std::int64_t now_us
) {
    const std::int64_t next = std::max(full_at_us, now_us) + interval_us;
    const std::int64_t over = next - now_us - std::max(kMinuteUs, interval_us);
    if (over > 0) return static_cast<int>((over + 999'999) / 1'000'000);
    full_at_us = next;
    return std::nullopt;
}

}  // namespace

RateLimit::RateLimit(Options options)
    : interval_us_(ShareOf(options.per_minute)),
      total_interval_us_(interval_us_ > 0 ? ShareOf(options.total_per_minute) : 0),
      shard_capacity_(std::max<std::size_t>(1, (options.addresses + kShards - 1) / kShards)) {}

// A request refused at one count is given back at the counts before it.
std::optional<int> RateLimit::Check(std::string_view address, std::int64_t now_ms) {
    if (interval_us_ == 0) return std::nullopt;
    const AddressGroup group = GroupOf(address);
    const std::int64_t now_us = now_ms * 1000;
    const std::int64_t of_network = std::max<std::int64_t>(1, interval_us_ / kNetworkFactor);
    if (auto wait = Take(group.one, interval_us_, now_us)) return wait;
    const bool network = !group.network.empty();
    auto wait = network ? Take(group.network, of_network, now_us) : std::nullopt;
    if (wait) {
        GiveBack(group.one, interval_us_);
        return wait;
    }
    if (total_interval_us_ == 0) return std::nullopt;
    {
        MutexLock lock(total_mutex_);
        wait = CountAt(total_full_at_us_, total_interval_us_, now_us);
    }
    if (!wait) return std::nullopt;
    GiveBack(group.one, interval_us_);
    if (network) GiveBack(group.network, of_network);
    return wait;
}

RateLimit::Shard& RateLimit::ShardOf(const std::string& key) {
    return shards_[std::hash<std::string_view>{}(key) % kShards];
}

std::optional<int> RateLimit::Take(
    const std::string& key, std::int64_t interval_us, std::int64_t now_us
) {
    Shard& shard = ShardOf(key);
    MutexLock lock(shard.mutex);
    return CountAt(Touch(shard, shard_capacity_, key).full_at_us, interval_us, now_us);
}

void RateLimit::GiveBack(const std::string& key, std::int64_t interval_us) {
    Shard& shard = ShardOf(key);
    MutexLock lock(shard.mutex);
    const auto found = shard.by_key.find(key);
    if (found != shard.by_key.end()) found->second->full_at_us -= interval_us;
}

RateLimit::Entry& RateLimit::Touch(Shard& shard, std::size_t capacity, const std::string& key) {
    if (const auto found = shard.by_key.find(key); found != shard.by_key.end()) {
        shard.entries.splice(shard.entries.begin(), shard.entries, found->second);
        return shard.entries.front();
    }
    if (shard.entries.size() >= capacity) {
        shard.by_key.erase(shard.entries.back().key);
        shard.entries.pop_back();
    }
    // by_key views the list's own text, which stays where it is for the entry's life.
    shard.entries.push_front(Entry{.key = key});
    shard.by_key.emplace(shard.entries.front().key, shard.entries.begin());
    BARRACUDA_CHECK(shard.entries.size() == shard.by_key.size());
    BARRACUDA_CHECK(shard.entries.size() <= capacity);
    return shard.entries.front();
}

std::size_t RateLimit::Size() const {
    std::size_t size = 0;
    for (const Shard& shard : shards_) {
        MutexLock lock(shard.mutex);
        size += shard.entries.size();
    }
    return size;
}

}  // namespace barracuda::auth
