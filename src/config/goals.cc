#include "config/goals.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/values.h"

namespace barracuda::config {
namespace {

const Goal* Find(const std::vector<Goal>& goals, std::string_view id) {
    const auto found =
        std::find_if(goals.begin(), goals.end(), [&](auto& g) { return g.id == id; });
    return found == goals.end() ? nullptr : &*found;
}

const Goal* FindType(const std::vector<Goal>& goals, std::string_view type) {
    const auto found =
        std::find_if(goals.begin(), goals.end(), [&](auto& g) { return g.type == type; });
    return found == goals.end() ? nullptr : &*found;
}

// The fault of one goal's own fields; empty: none.
std::string FieldFault(const Goal& goal) {
    if (!IsId(goal.id)) return "id: expected 1 to 64 characters without blanks";
    if (goal.type != "registration" && goal.type != "deposit" && goal.type != "other") {
        return "type: expected \"registration\", \"deposit\" or \"other\"";
    }
    if (!IsDecimal(goal.then_amount)) {
        return "then_amount: expected a sum such as \"100\" or \"99.50\", at most 6 decimals";
    }
    if (goal.then_when != "recorded" && goal.then_when != "delivered") {
        return "then_when: expected \"recorded\" or \"delivered\"";
    }
    return {};
}

std::string RuleFault(const std::vector<Goal>& goals, const Goal& goal) {
    if (goal.then.empty()) return {};
    const Goal* target = Find(goals, goal.then);
    if (!target) return fmt::format("then: there is no goal \"{}\"", goal.then);
    if (target->repeatable) {
        return fmt::format("then: goal \"{}\" is repeatable; expected a once-goal", goal.then);
    }
    // Each goal has one `then`, so a walk that is longer than the list has met itself.
    std::size_t steps = 0;
    for (const Goal* at = target; at && !at->then.empty(); at = Find(goals, at->then)) {
        if (at == &goal || ++steps > goals.size()) return "then: the chain leads back to itself";
    }
    return {};
}

void AddMissing(std::vector<Goal>& goals) {
    auto defaults = DefaultGoals();
    std::reverse(defaults.begin(), defaults.end());  // the deposit first: the registration names it
    for (Goal& goal : defaults) {
        if (FindType(goals, goal.type)) continue;
        if (!goal.then.empty()) {
            const Goal* target = FindType(goals, "deposit");
            goal.then = target && !target->repeatable ? target->id : "";
            if (goal.then.empty()) goal.then_amount = "0";
        }
        goals.push_back(goal);
    }
}

}  // namespace

std::vector<Goal> DefaultGoals() {
    return {
        Goal{.id = "5", .type = "registration", .then = "6", .then_amount = "100"},
        Goal{.id = "6", .type = "deposit"},
    };
}

Result<std::vector<Goal>> CompleteGoals(std::vector<Goal> goals) {
    for (const Goal& goal : goals) {
        if (const auto fault = FieldFault(goal); !fault.empty()) {
            return Fail(
                ErrorCode::kInvalid, fmt::format("goal \"{}\": {}", goal.id, fault), "goal"
            );
        }
    }
    AddMissing(goals);
    for (const Goal& goal : goals) {
        std::string fault = RuleFault(goals, goal);
        if (Find(goals, goal.id) != &goal) fault = "id: another goal has it";
        if (!fault.empty()) {
            return Fail(
                ErrorCode::kInvalid, fmt::format("goal \"{}\": {}", goal.id, fault), "goal"
            );
        }
    }
    return goals;
}

}  // namespace barracuda::config
