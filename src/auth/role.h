// The role of an admin, which says what the admin may do: one word in the admin's document, held
// against each route's own by the router (api/auth.h).
//
// Threads: any; nothing is kept.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace barracuda::auth {

enum class Role {  // each may also do what those before it may
    kReadOnly,     // see everything, change nothing
    kOperator,     // do the daily work
    kOwner,        // say who may: the team and the keys
};

inline constexpr std::array<std::pair<Role, std::string_view>, 3> kRoles{
    {{Role::kReadOnly, "read_only"}, {Role::kOperator, "operator"}, {Role::kOwner, "owner"}}};

constexpr std::string_view NameOf(Role role) {
    for (const auto& [one, name] : kRoles) {
        if (one == role) return name;
    }
    return {};
}

constexpr std::optional<Role> RoleNamed(std::string_view name) {
    for (const auto& [role, one] : kRoles) {
        if (one == name) return role;
    }
    return std::nullopt;
}

// Of a stored document: any other word is of the time before there were roles, when every admin
// could do everything.
constexpr Role StoredRole(std::string_view word) { return RoleNamed(word).value_or(Role::kOwner); }

}  // namespace barracuda::auth
