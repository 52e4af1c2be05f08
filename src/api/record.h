// What every write route does after reading its fields: complete the report, submit it, wait for
// the network where the route answers with it, and answer.
#pragma once

#include "api/respond.h"
#include "api/service.h"
#include "domain/decide.h"

namespace barracuda::api {

// Reads goal, currency, transaction_id and the common fields; `goal_id` is the configured goal.
// Fills key, goal_type, given and defaults; refusals go to the reader.
void ReadCommon(
    Service& service, Reader& reader, std::string click, std::string goal_id, domain::Report& report
);

// The goal that the routes mean by this type.
std::string GoalIdOf(Service& service, domain::GoalType type);

// A goal_id or goal_type that says another goal than the route's is refused.
void CheckGoal(Service& service, Reader& reader, domain::GoalType type);

// Sets `field` in report.given when the caller gave it.
void Give(domain::Report& report, domain::Field field, std::string value);
void Give(domain::Report& report, domain::Field field, const std::optional<Money>& value);

// The status the caller gave; an unknown one is refused.
std::optional<domain::Status> ReadStatus(Reader& reader);

// Submits; answers errors itself. `done` on the request's io thread.
using Decided = std::function<void(const domain::Decision&)>;
void Record(Service& service, std::shared_ptr<Call> call, domain::Report report, Decided done);

// After a decision: the conversion with its delivery's outcome, waiting up to the inline wait when
// this command added the delivery. `done` on any thread.
using Delivered = std::function<void(const domain::Conversion&)>;
void AwaitDelivery(
    Service& service, const domain::Decision& decision, const char* kind, Delivered done
);

// `success`, `message`, `verdict` and `isDuplicate` first, then what explain=1 adds.
JsonObject Head(
    const Call& call, const domain::Decision& decision, bool success, std::string_view message
);

}  // namespace barracuda::api
