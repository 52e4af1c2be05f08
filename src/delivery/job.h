// Job: one delivery to be attempted, with its document as read, and what becomes of it when its
// attempt has ended. Plain values.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "delivery/attempt_record.h"
#include "delivery/breaker.h"
#include "delivery/queue_key.h"
#include "domain/command.h"
#include "domain/conversion.h"

namespace barracuda::delivery {

struct Job {
    domain::Conversion conversion;
    DeliveryId delivery_id;
    QueueKey queue;   // QueueKey::Of the delivery
    Instant since{};  // when it began to wait; DestinationQueues::TryPush sets it

    const domain::Delivery* delivery() const;  // null: the document has none of this id
    // Takes the document as it is now. False: it does not owe the delivery any more.
    bool Renew(const std::optional<std::string>& document, Time now);
};

// For the log of attempts.
AttemptRecord RecordOf(const Job& job, Attempt attempt, bool retried, Time began);
// For the ledger; when it is tried again, and what the catalog adds, is the dispatcher's.
domain::Outcome OutcomeOf(const Job& job, const Attempt& attempt, Parameters sent);

}  // namespace barracuda::delivery
