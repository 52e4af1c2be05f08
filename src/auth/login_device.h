// Devices that logged in before, so that guessing elsewhere does not keep them out
// (login_guard.h): a token `bkd_NONCE.MAC`, signed with what only this server's store knows of the
// admin, the hash of the password. So it needs no store of its own, every node knows it, and a new
// password voids all of them. It lets nobody in: a password is needed as well.
//
// A browser keeps it in a cookie beside the session's; any other client gets it as `device` in the
// answer and sends it so with its next login.
//
// Threads: any; nothing is kept.
#pragma once

#include <string>
#include <string_view>

#include "auth/sessions.h"

namespace barracuda::auth {

inline constexpr const char* kDeviceCookie = "barracuda_device";

// A token with a new random nonce, for the admin as the password is now.
std::string NewDeviceToken(const Admin& admin);

// The device's own part of the token; empty where the token is not this admin's.
std::string DeviceOf(const Admin& admin, std::string_view token);

}  // namespace barracuda::auth
