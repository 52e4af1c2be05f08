// What one attempt of one delivery was, for the log of attempts: the dispatcher hands it to
// `DispatcherOptions::on_attempt` when the attempt has ended and before its outcome is recorded.
#pragma once

#include <functional>
#include <string>

#include "base/time.h"
#include "domain/conversion.h"
#include "net/client.h"

namespace barracuda::delivery {

// The last HTTP call of an attempt (a look-up may go before a creation, an offer has redirects).
struct CallTrace {
    static constexpr size_t kResponseBytesMax = 4 * 1024;

    std::string method{};
    std::string url{};       // secrets masked; empty: no call was made
    std::string address{};   // "203.0.113.9:443"; empty: there was no connection
    bool reused = false;     // on a connection that was open already
    std::string response{};  // at most kResponseBytesMax, valid UTF-8
    net::Timings timings{};
};

struct AttemptRecord {
    std::string delivery_id{};  // the same on every attempt
    domain::ConversionKey key{};
    std::string destination{};
    std::string kind{};  // domain::Delivery::kind
    int number = 1;      // 1: the first since the delivery was owed or replayed
    Time at{};           // when it began
    bool accepted = false;
    bool retried = false;  // another attempt follows; neither: the delivery is dead
    bool alarm = false;    // its end points at our configuration (AttemptClass::kAlarm)
    int status = 0;        // HTTP status of the last reply; 0: none came
    std::string error{};   // empty when accepted; holds no secret
    CallTrace call{};
};

// Runs on the dispatcher's thread for every attempt: it must be short and must not throw.
using OnAttempt = std::function<void(const AttemptRecord&)>;

}  // namespace barracuda::delivery
