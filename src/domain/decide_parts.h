// Declarations shared by the files of decide(). Internal to domain.
//
// Pure, as decide.h.
#pragma once

#include "domain/decide.h"

namespace barracuda::domain {

// The answer "nothing changes"; verdict duplicate.
Decision Unchanged(const std::optional<Conversion>& state);

// Ends a decision that changed its document: verdict updated, rescheduled.
void Finish(Decision& decision, Time now, const NodeId& node);

// decide_operator.cc: what an operator says about deliveries.
Decision DecideReplay(
    const std::optional<Conversion>& state, const Replay& replay, Time now, const NodeId& node
);
Decision DecideEnd(
    const std::optional<Conversion>& state, const EndDelivery& end, Time now, const NodeId& node
);

}  // namespace barracuda::domain
