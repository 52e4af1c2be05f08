#include "delivery/due_tally.h"

#include <algorithm>
#include <utility>

namespace barracuda::delivery {

void DueTally::Begin(const std::vector<store::WorkItem>& items) {
    MutexLock lock(mutex_);
    oldest_ = items.empty() ? std::nullopt : std::optional(items.front().due);
    round_.clear();
}

void DueTally::Add(const domain::Conversion& conversion, Time now) {
    MutexLock lock(mutex_);
    for (const auto& delivery : conversion.deliveries) {
        if (!delivery.Due(now)) continue;
        Due& due = round_[QueueKey::Of(delivery)];
        ++due.count;
        due.oldest = std::min(due.oldest.value_or(delivery.next_at), delivery.next_at);
    }
}

void DueTally::End() {
    MutexLock lock(mutex_);
    last_ = std::exchange(round_, {});
}

DueTally::Due DueTally::Of(const QueueKey& queue) const {
    MutexLock lock(mutex_);
    Due due;
    if (auto at = last_.find(queue); at != last_.end()) due = at->second;
    if (auto at = round_.find(queue); at != round_.end()) due.oldest = at->second.oldest;
    return due;
}

std::optional<Time> DueTally::oldest() const {
    MutexLock lock(mutex_);
    return oldest_;
}

}  // namespace barracuda::delivery
