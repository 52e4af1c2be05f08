// What the files of decide() share. Internal to domain.
#pragma once

#include "domain/decide.h"

namespace barracuda::domain {

// The answer "nothing changes"; verdict duplicate.
Decision Unchanged(const std::optional<Conversion>& state);

// Ends a decision that changed its document: verdict updated, rescheduled, one revision more.
void Finish(Decision& decision, Time now, const std::string& node);

// decide_operator.cc: what an operator says about deliveries.
Decision DecideReplay(
    const std::optional<Conversion>& state, const Replay& replay, Time now, const std::string& node
);
Decision DecideSettle(
    const std::optional<Conversion>& state, const Settle& settle, Time now, const std::string& node
);

}  // namespace barracuda::domain
