// The answer to a right password where a second factor is on: proof of that password for the next
// step of the login, `bkc_ID.UNTIL.MAC`, signed like a device's token (login_device.h). So it needs
// no store, every node knows it, and a new password voids it. It lets nobody in: a code is
// needed as well, and each try of one is counted (login_guard.h).
//
// Threads: any; nothing is kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/admins.h"

namespace barracuda::auth {

inline constexpr std::int64_t kChallengeMs = 10 * 60'000;  // longer than the guard makes wait

std::string NewChallenge(const Admin& admin, Time now);

// The admin whose password was shown; nullopt: it is none of ours, or over.
std::optional<Admin> ChallengedBy(const Admins& admins, std::string_view challenge, Time now);

}  // namespace barracuda::auth
