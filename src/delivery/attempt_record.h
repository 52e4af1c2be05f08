// AttemptRecord: one attempt and the delivery that it was for. The dispatcher hands it to
// `DispatcherOptions::on_attempt` when the attempt has ended and before its outcome is recorded: a
// crash in between must not hide the attempt.
#pragma once

#include <functional>
#include <string>

#include "base/time.h"
#include "delivery/attempt.h"
#include "domain/conversion.h"

namespace barracuda::delivery {

struct AttemptRecord {
    DeliveryId delivery_id{};
    domain::ConversionKey key{};
    NetworkName network{};
    std::string kind{};    // domain::Delivery::kind
    int number = 1;        // 1: the first since the delivery was owed or replayed
    Time at{};             // when it began
    bool retried = false;  // another attempt follows; neither this nor accepted: dead
    bool erased = false;   // it told of a person who was erased since
    Attempt attempt{};

    // The end points at our configuration: an operator is told.
    bool alarm() const { return attempt.cls == AttemptClass::kAlarm; }
};

// Runs on the dispatcher's thread for every attempt: it must be short and must not throw.
using OnAttempt = std::function<void(const AttemptRecord&)>;

}  // namespace barracuda::delivery
