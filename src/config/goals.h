// The goals and their chain rules: the defaults, and what may be configured.
//
// Pure, any thread.
#pragma once

#include <vector>

#include "config/config.h"

namespace barracuda::config {

// 5 = registration, followed by 6 = deposit of 100; both once per click.
std::vector<Goal> DefaultGoals();

// The configured goals with the default registration or deposit added where none of that type was
// named. kInvalid: a bad field, an id twice, a rule whose target is unknown or repeatable, a cycle.
Result<std::vector<Goal>> CompleteGoals(std::vector<Goal> goals);

}  // namespace barracuda::config
