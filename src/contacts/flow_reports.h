// The two conversions that a flow reports. Pure.
#pragma once

#include "contacts/flow.h"

namespace barracuda::contacts {

// The goal that a step reports, by the goals and rules of this moment. `rules`: null, every goal
// counts once a click.
domain::FlowGoal RegistrationGoalOf(
    const domain::Contact& contact, const FlowGoals& goals, const nodes::GoalRules* rules
);
domain::FlowGoal DepositGoalOf(
    const domain::Contact& contact, const FlowGoals& goals, const nodes::GoalRules* rules
);
// The conversion that this contact's step has reported already, among those of its click; null:
// none of them is one.
const domain::Conversion* ReportedBy(
    const domain::Contact& contact, const std::vector<domain::Conversion>& conversions
);

// Under the key of `contact.flow.goal`; `then_amount` is of a deposit whose form names no sum.
domain::Report RegistrationOf(const domain::Contact& contact, const nodes::GoalRules* rules);
domain::Report DepositOf(
    const domain::Contact& contact, const std::string& then_amount, const nodes::GoalRules* rules
);
// The parameters of the call that acquires a click.
domain::Parameters ClickCallOf(const domain::Contact& contact, const FlowOptions& options);

}  // namespace barracuda::contacts
