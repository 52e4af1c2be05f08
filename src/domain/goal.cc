#include "domain/goal.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/money.h"

namespace barracuda::domain {

namespace {

std::optional<Problem> Wrong(std::string field, std::string reason) {
    return Problem{std::move(field), std::move(reason), std::nullopt};
}

const Goal* Find(const std::vector<Goal>& goals, std::string_view id) {
    auto at = std::find_if(goals.begin(), goals.end(), [&](const Goal& g) { return g.id == id; });
    return at == goals.end() ? nullptr : &*at;
}

}  // namespace

std::optional<Problem> Check(const Goal& goal) {
    if (!IsEntityName(goal.id)) return Wrong("id", "expected 1 to 64 letters, digits, _ - .");
    if (goal.then == goal.id) return Wrong("then", "the chain leads back to itself");
    if (!Money::Parse(goal.then_amount)) {
        return Wrong("then_amount", "expected a sum such as 100 or 99.50");
    }
    return std::nullopt;
}

std::optional<Problem> CheckChain(const std::vector<Goal>& goals, const Goal& goal) {
    if (goal.then.empty()) return std::nullopt;
    const Goal* target = Find(goals, goal.then);
    auto wrong = [&](std::string reason) {
        return Wrong("then", fmt::format("goal \"{}\": {}", goal.id, reason));
    };
    if (!target) return wrong(fmt::format("there is no goal \"{}\"", goal.then));
    if (target->repeatable) {
        return wrong(fmt::format("goal \"{}\" is repeatable; expected a once-goal", goal.then));
    }
    // Each goal has one `then`, so a walk that is longer than the list has met itself.
    size_t steps = 0;
    for (const Goal* at = target; at && !at->then.empty(); at = Find(goals, at->then)) {
        if (at == &goal || ++steps > goals.size()) return wrong("the chain leads back to itself");
    }
    return std::nullopt;
}

std::optional<Problem> CheckTogether(const std::vector<Goal>& goals) {
    for (auto type : {GoalType::kRegistration, GoalType::kDeposit}) {
        auto of_type = [&](const Goal& goal) { return goal.type == type; };
        if (std::none_of(goals.begin(), goals.end(), of_type)) {
            return Wrong(
                "type",
                fmt::format("no goal of type {} would be left; the routes need one", NameOf(type))
            );
        }
    }
    for (const auto& goal : goals) {
        if (auto problem = CheckChain(goals, goal)) return problem;
    }
    return std::nullopt;
}

FlatFields Flat(const Goal& goal) {
    return {
        {"type", NameOf(goal.type)},
        {"repeatable", goal.repeatable ? "true" : "false"},
        {"then", goal.then},
        {"then_amount", goal.then_amount},
        {"then_when", goal.then_when_delivered ? "delivered" : "recorded"},
    };
}

std::string Encode(const Goal& goal) {
    BsonWriter to;
    to.Text("_id", EntityKey("goal", goal.id));
    to.Text("id", goal.id);
    to.Text("type", NameOf(goal.type));
    to.Bool("repeatable", goal.repeatable);
    if (!goal.then.empty()) to.Text("then", goal.then);
    to.Decimal("then_amount", goal.then_amount);
    to.Text("then_when", goal.then_when_delivered ? "delivered" : "recorded");
    PutMeta(to, goal.meta);
    return to.Take();
}

Result<Goal> DecodeGoal(std::string_view bson) {
    Goal goal;
    bool sound = EachElement(bson, [&](std::string_view key, const bson_iter_t& at) {
        if (TakeMeta(goal.meta, key, at)) return;
        auto text = ScalarText(at).value_or("");
        if (key == "id") goal.id = text;
        if (key == "type") goal.type = GoalTypeNamed(text).value_or(GoalType::kOther);
        if (key == "repeatable") goal.repeatable = bson_iter_as_bool(&at);
        if (key == "then") goal.then = text;
        if (key == "then_amount") goal.then_amount = text;
        if (key == "then_when") goal.then_when_delivered = text == "delivered";
    });
    if (!sound) return Fail(ErrorCode::kInternal, "a stored goal is not valid BSON");
    return goal;
}

}  // namespace barracuda::domain
