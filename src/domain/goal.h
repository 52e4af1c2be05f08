// Goal: an event a click can reach, and the chain rule that follows it. A plain value with its BSON
// codec and check.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/conversion.h"
#include "domain/entity.h"

namespace barracuda::domain {

struct Goal {
    std::string id{};
    GoalType type = GoalType::kOther;
    bool repeatable = false;           // several per click, told apart by transaction_id
    std::string then{};                // the once-goal that follows by chain rule; empty: none
    std::string then_amount = "0";     // its sum, exact decimal
    bool then_when_delivered = false;  // else when recorded
    EntityMeta meta{};

    bool operator==(const Goal&) const = default;
};

// One goal's own fields.
std::optional<Problem> Check(const Goal& goal);
// The fault of the chain that begins at one of `goals`; `field` is "then".
std::optional<Problem> CheckChain(const std::vector<Goal>& goals, const Goal& goal);
// The goals together: one registration and one deposit at least, every rule's target is a known
// once-goal, no chain leads back to itself. `field` is "then" or "type".
std::optional<Problem> CheckTogether(const std::vector<Goal>& goals);

// The goal's fields as its history shows them; its document and back. Errors: kInternal, bytes that
// are no BSON.
FlatFields Flat(const Goal& goal);
std::string Encode(const Goal& goal);
Result<Goal> DecodeGoal(std::string_view bson);

}  // namespace barracuda::domain
