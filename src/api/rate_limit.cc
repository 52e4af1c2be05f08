#include "api/rate_limit.h"

#include <algorithm>
#include <functional>

#include "base/cidr.h"

namespace barracuda::api {
namespace {

constexpr std::int64_t kMinuteUs = 60'000'000;
constexpr std::size_t kMaxKey = 64;

}  // namespace

RateLimit::RateLimit(Options options)
    : interval_us_(
          options.per_minute > 0 ? std::max<std::int64_t>(1, kMinuteUs / options.per_minute) : 0
      ),
      shard_capacity_(std::max<std::size_t>(1, (options.addresses + kShards - 1) / kShards)) {}

std::string RateLimit::Key(std::string_view address) {
    auto parsed = ParseAddress(address);
    if (!parsed) return std::string(address.substr(0, kMaxKey));
    if (!parsed->IsV4()) std::fill(parsed->bytes.begin() + 8, parsed->bytes.end(), 0);
    return std::string(parsed->bytes.begin(), parsed->bytes.end());
}

std::optional<int> RateLimit::Check(std::string_view address, std::int64_t now_ms) {
    if (interval_us_ == 0) return std::nullopt;
    const std::string key = Key(address);
    Shard& shard = shards_[std::hash<std::string_view>{}(key) % kShards];
    const std::int64_t now_us = now_ms * 1000;
    const std::lock_guard lock(shard.mutex);
    Entry& entry = Touch(shard, key);
    const std::int64_t next = std::max(entry.full_at_us, now_us) + interval_us_;
    // A whole minute's worth may come at once; what goes beyond has to wait.
    const std::int64_t over = next - now_us - std::max(kMinuteUs, interval_us_);
    if (over > 0) return static_cast<int>((over + 999'999) / 1'000'000);
    entry.full_at_us = next;
    return std::nullopt;
}

RateLimit::Entry& RateLimit::Touch(Shard& shard, const std::string& key) {
    if (const auto found = shard.by_key.find(key); found != shard.by_key.end()) {
        shard.entries.splice(shard.entries.begin(), shard.entries, found->second);
        return shard.entries.front();
    }
    if (shard.entries.size() >= shard_capacity_) {
        shard.by_key.erase(shard.entries.back().key);
        shard.entries.pop_back();
    }
    // by_key views the list's own text, which stays where it is for the entry's life.
    shard.entries.push_front(Entry{.key = key});
    shard.by_key.emplace(shard.entries.front().key, shard.entries.begin());
    return shard.entries.front();
}

std::size_t RateLimit::Size() const {
    std::size_t size = 0;
    for (const Shard& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        size += shard.entries.size();
    }
    return size;
}

}  // namespace barracuda::api
