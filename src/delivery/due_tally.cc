#include "delivery/due_tally.h"

#include <algorithm>
#include <utility>

#include "delivery/destination_queues.h"

namespace barracuda::delivery {

void DueTally::Begin(const std::vector<store::WorkItem>& items) {
    std::lock_guard lock(mutex_);
    oldest_ = items.empty() ? std::nullopt : std::optional(items.front().due);
    round_.clear();
}

void DueTally::Add(const domain::Conversion& conversion, Time now) {
    std::lock_guard lock(mutex_);
    for (const auto& delivery : conversion.deliveries) {
        if (!delivery.Due(now)) continue;
        Due& due = round_[QueueOf(delivery)];
        ++due.count;
        due.oldest = std::min(due.oldest.value_or(delivery.next_at), delivery.next_at);
    }
}

void DueTally::End() {
    std::lock_guard lock(mutex_);
    last_ = std::exchange(round_, {});
}

DueTally::Due DueTally::Of(const std::string& queue) const {
    std::lock_guard lock(mutex_);
    Due due;
    if (auto at = last_.find(queue); at != last_.end()) due = at->second;
    if (auto at = round_.find(queue); at != round_.end()) due.oldest = at->second.oldest;
    return due;
}

std::optional<Time> DueTally::oldest() const {
    std::lock_guard lock(mutex_);
    return oldest_;
}

}  // namespace barracuda::delivery
