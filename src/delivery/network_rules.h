// NetworkRules: how attempts at one network are paced and bounded, and whether it is stopped; from
// its entity (domain/network.h) and its stop (stop.h). A plain value.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "delivery/retry.h"

namespace barracuda::delivery {

struct NetworkRules {
    size_t concurrency = 64;     // attempts at a time
    double rate_per_second = 0;  // attempts begun a second; 0: not bounded
    std::string stopped{};       // why nothing is sent until an operator resumes it; empty: it is
    std::shared_ptr<const RetrySchedule> schedule{};  // null: the dispatcher's
    int gone_in_row_max = 1;                          // answers 410 in a row that stop it
};

}  // namespace barracuda::delivery
