// Counts records of the received log, by the request that their list is read by, so that a number
// and the list behind it are one.
//
// Threads: any that may read the log, which it blocks on.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/log.h"

namespace barracuda::api {

inline constexpr int64_t kRefusedFrom = 400;  // the status from which a request was refused

struct ReceivedCounts {
    static constexpr size_t kReasonsMax = 20;

    struct Reason {
        std::string reason{}, by{};
        int64_t count = 0;
    };

    int64_t total = 0, refused = 0, conflicts = 0;
    std::map<std::string, int64_t> verdicts{};
    std::vector<Reason> reasons{};  // of the refused ones, the most frequent first
    std::optional<Time> oldest{};   // of what was counted
    bool complete = true;           // else the newest ones only
};

// Everything that fits `request`, whatever its limit and cursor; of 100,000 records at most.
Result<ReceivedCounts> CountReceivedIn(store::LogStore& logs, store::LogRequest request);

}  // namespace barracuda::api
