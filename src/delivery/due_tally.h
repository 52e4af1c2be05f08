// DueTally: what is due, destination by destination, as the dispatcher's rounds over the work queue
// pass it: one network that is down for long must not hide that another stands still.
//
//     tally.Begin(items);  tally.Add(conversion, now); …  tally.End();   // a round
//     tally.Of("tracker").count                                           // from any thread
//
// A count is of the last round that ended, an oldest one of the round under way where that has met
// the destination. Threads: Begin, Add and End from one, the rest from any.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
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

    Due Of(const std::string& queue) const;  // destination_queues.h, QueueOf
    std::optional<Time> oldest() const;

private:
    mutable std::mutex mutex_;
    std::optional<Time> oldest_;
    std::map<std::string, Due> round_, last_;
};

}  // namespace barracuda::delivery
