// Which conversions are meant: one filter for a list, its count, an export and a job over many, so
// that none of them means others than the next.
//
// Pure; no thread contract.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/money.h"
#include "base/time.h"
#include "domain/conversion.h"

namespace barracuda::report {

struct Filter {
    using Texts = std::vector<std::string>;

    // Any of the values; empty: whatever stands there.
    std::vector<domain::GoalType> goal_types = {};
    std::vector<domain::Status> statuses = {};
    std::vector<domain::Provenance> provenances = {};
    Texts clicks = {}, goals = {}, affiliates = {}, offers = {}, transactions = {};
    Texts currencies = {};  // without one it is domain::kDefaultCurrency
    Texts countries = {}, sources = {};
    // One delivery that fits both.
    Texts networks = {};
    std::vector<domain::DeliveryState> delivery_states = {};

    std::string click_prefix = {};
    std::optional<bool> test = {};
    std::optional<Money> least = {}, most = {};              // amount, both inclusive; without: 0
    std::optional<Time> from = {}, to = {};                  // recorded, [from, to)
    std::optional<Time> changed_from = {}, changed_to = {};  // last changed, [from, to)

    bool operator==(const Filter&) const = default;
};

bool Matches(const Filter& filter, const domain::Conversion& conversion);

}  // namespace barracuda::report
