// The steps of every route that reports: complete the report, submit it, wait for the network where
// the answer tells of it, and answer. A wrong field is refused in the reader, by name.
//
// Threads: an io thread; callbacks say theirs.
#pragma once

#include "api/respond.h"
#include "api/service.h"
#include "domain/decide.h"

namespace barracuda::api {

// Reads currency, transaction_id and the common fields of a report of this click and goal. Fills
// key, goal_type, given and defaults; refusals go to the reader.
void ReadCommon(
    Reports& reports, Reader& reader, ClickId click, GoalId goal, domain::Report& report
);

// After everything is read: notes what nobody read, in `call`, and counts what was dropped. False
// when a field was wrong and the request is answered.
bool FinishReading(Reports& reports, Call& call, const Input& input, const Reader& reader);

// The goal that the routes mean by this type.
GoalId GoalIdOf(Reports& reports, domain::GoalType type);

// A goal_id or goal_type that says another goal than the route's is refused.
void CheckGoal(Reports& reports, Reader& reader, domain::GoalType type);

// Sets a field in report.given when the caller gave it.
void Give(domain::Report& report, AffiliateId affiliate);
void Give(domain::Report& report, OfferId offer);
void Give(domain::Report& report, domain::Field field, std::string value);
void Give(domain::Report& report, domain::Field field, const std::optional<Money>& value);

// The affiliate that the caller gave; empty: none.
AffiliateId AffiliateOf(const domain::Report& report);

// The status the caller gave; an unknown one is refused.
std::optional<domain::Status> ReadStatus(Reader& reader);

// Submits; answers errors itself. `done` on the request's io thread.
using Decided = std::function<void(const domain::Decision&)>;
void Record(Reports& reports, std::shared_ptr<Call> call, domain::Report report, Decided done);

// After a decision: the conversion with its delivery's outcome, waiting up to the inline wait when
// this command added the delivery. `done` on any thread.
using Delivered = std::function<void(const domain::Conversion&)>;
void AwaitDelivery(
    Reports& reports, const domain::Decision& decision, const char* kind, Delivered done
);

// `success`, `message`, `verdict` and `isDuplicate` first, then what explain=1 adds.
JsonObject Head(
    const Call& call, const domain::Decision& decision, bool success, std::string_view message
);

}  // namespace barracuda::api
