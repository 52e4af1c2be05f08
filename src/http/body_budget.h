// BodyBudget: how much memory the bodies of all connections may take, and those of one sharer (an
// address), so that nobody alone can take all of it.
//
// Threads: any. Only large bodies come here, so a lock costs nothing that matters.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "base/check.h"
#include "base/thread_safety.h"

namespace barracuda::http {

class BodyBudget {
public:
    BodyBudget(size_t total_max, size_t sharer_max)  // bytes
        : total_max_(total_max), sharer_max_(sharer_max) {}

    // A body of `sharer` (empty: nobody's, bound by the total alone) is now `to` bytes instead of
    // `from`. False when that is too much; it counts all the same until it is changed to 0.
    bool Change(const std::string& sharer, size_t from, size_t to) {
        MutexLock lock(mutex_);
        BARRACUDA_CHECK(from <= total_);
        total_ += to - from;
        size_t of_sharer = 0;
        if (!sharer.empty()) {
            auto at = sharers_.try_emplace(sharer, 0).first;
            BARRACUDA_CHECK(from <= at->second);
            at->second += to - from;
            of_sharer = at->second;
            if (of_sharer == 0) sharers_.erase(at);
        }
        return total_ <= total_max_ && of_sharer <= sharer_max_;
    }

private:
    const size_t total_max_, sharer_max_;
    Mutex mutex_;
    size_t total_ GUARDED_BY(mutex_) = 0;
    // At most one a large body.
    std::unordered_map<std::string, size_t> sharers_ GUARDED_BY(mutex_);
};

}  // namespace barracuda::http
