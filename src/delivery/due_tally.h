// DueTally: the deliveries that are due, queue by queue, as the far round over the work queue
// passes them: one network that is down for long must not hide that another stands still.
//
//     tally.Begin(items);  tally.Add(conversion, now); …  tally.End();   // a round
//     tally.Of({"tracker"}).count                                         // from any thread
//
// A count is of the last round that ended; an oldest time is of the round under way where that has
// met the queue. Threads: Begin, Add and End from one, the rest from any.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/thread_safety.h"
#include "base/time.h"
#include "delivery/queue_key.h"
#include "domain/conversion.h"
#include "store/engine.h"

namespace barracuda::delivery {

class DueTally {
public:
    struct Due {
        size_t count = 0;            // deliveries
        std::optional<Time> oldest;  // when it became due
    };

    void Begin(const std::vector<store::WorkItem>& items);  // the first of the round
    void Add(const domain::Conversion& conversion, Time now);
    void End();

    Due Of(const QueueKey& queue) const;
    std::optional<Time> oldest() const;

private:
    mutable Mutex mutex_;
    std::optional<Time> oldest_ GUARDED_BY(mutex_);
    std::map<QueueKey, Due> round_ GUARDED_BY(mutex_), last_ GUARDED_BY(mutex_);
};

}  // namespace barracuda::delivery
