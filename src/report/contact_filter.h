// Which contacts are meant: one filter for a list, its count and an export.
//
// Pure; no thread contract.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "domain/contact.h"

namespace barracuda::report {

struct ContactFilter {
    using Texts = std::vector<std::string>;

    std::string type = {}, status = {}, affiliate_status = {};  // empty: any
    std::string search = {};  // within name, e-mail or company; folded (fold_case.h)
    // Any of the values; empty: any. A contact's click is its click_id, and its sub1 is the click's
    // hash, or a click's id that the visitor brought: conversions of both are the contact's.
    Texts clicks = {}, affiliates = {};
    std::optional<bool> ftd = {};
    std::optional<Time> from = {}, to = {};  // created, [from, to)

    bool operator==(const ContactFilter&) const = default;
};

bool Matches(const ContactFilter& filter, const domain::Contact& contact);

}  // namespace barracuda::report
