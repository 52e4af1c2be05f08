// A conversion as a line of a file states it (docs/formats/import.md): history, or what a tracker
// lists. It speaks as a keyed route does.
//
// Threads: any.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "api/input.h"
#include "base/strong_id.h"
#include "domain/catalog.h"
#include "domain/command.h"
#include "nodes/goal_rules.h"

namespace barracuda::api {

// What a report is read by. The functions are called from the thread that reads.
struct ImportRules {
    std::function<std::shared_ptr<const domain::Catalog>()> catalog;
    std::function<nodes::GoalRules::Rule(const std::string& goal)> rule;
    OfferId offer;  // of a line that names none
};

// Errors: kInvalid, naming the field. With `notify` the networks are owed what a report of route 1
// owes them, else nothing.
Result<domain::Report> ReadImported(const ImportRules& rules, const Input& input, bool notify);

// The names that a line may have beside the plain fields, and whether it may have one.
inline constexpr std::string_view kImportedNames[] = {
    "click_id", "goal_id", "goal_type", "status", "goal_type_id", "deposit_amount"};
bool IsImported(std::string_view name);

}  // namespace barracuda::api
