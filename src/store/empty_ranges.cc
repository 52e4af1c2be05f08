#include "store/empty_ranges.h"

#include <algorithm>

namespace barracuda::store {

EmptyRanges::Look::Look(EmptyRanges& ranges) : ranges_(ranges) {
    MutexLock lock(ranges_.mutex_);
    ranges_.looks_.push_back(this);
}

EmptyRanges::Look::~Look() {
    MutexLock lock(ranges_.mutex_);
    std::erase(ranges_.looks_, this);
}

EmptyRanges::Map::iterator EmptyRanges::Holding(std::string_view key) {
    auto at = ranges_.upper_bound(key);
    if (at == ranges_.begin()) return ranges_.end();
    --at;
    return key < at->second ? at : ranges_.end();
}

std::string EmptyRanges::Look::From(std::string_view wanted) const {
    MutexLock lock(ranges_.mutex_);
    auto at = ranges_.Holding(wanted);
    return at == ranges_.ranges_.end() ? std::string(wanted) : at->second;
}

void EmptyRanges::Look::Found(std::string_view wanted, std::string_view first) {
    MutexLock lock(ranges_.mutex_);
    auto added = added_.lower_bound(wanted);
    std::string to(added == added_.end() ? first : std::min(first, std::string_view(*added)));
    if (to <= wanted) return;
    std::string from(wanted);
    auto& map = ranges_.ranges_;
    // A range that touches or overlaps it becomes one with it.
    if (auto at = map.upper_bound(from); at != map.begin() && std::prev(at)->second >= from) {
        from = std::prev(at)->first;
    }
    for (auto at = map.lower_bound(from); at != map.end() && at->first <= to; at = map.erase(at)) {
        to = std::max(to, at->second);
    }
    if (map.size() >= kRangesMax) map.clear();
    map.emplace(std::move(from), std::move(to));
}

void EmptyRanges::Added(std::string_view key) {
    MutexLock lock(mutex_);
    for (auto* look : looks_) look->added_.emplace(key);
    auto at = Holding(key);
    if (at == ranges_.end()) return;
    if (at->first == key) {
        ranges_.erase(at);
    } else {
        at->second = key;
    }
}

void EmptyRanges::Clear() {
    MutexLock lock(mutex_);
    ranges_.clear();
}

size_t EmptyRanges::size() const {
    MutexLock lock(mutex_);
    return ranges_.size();
}

}  // namespace barracuda::store
