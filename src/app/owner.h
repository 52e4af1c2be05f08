// File ownership. A data directory belongs to the user whose server runs on it; a file that
// another user leaves there, that server cannot open any more.
//
// Threads: any.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"

namespace barracuda::app {

// The user who owns `path`; nullopt: it is not there, or cannot be looked at.
std::optional<uid_t> OwnerOf(const std::string& path);

std::string UserNamed(uid_t id);  // its number where it has no name

// The error for another user's directory: kForbidden, with what to do: "D belongs to user a, and
// this runs as b: run it as that user …".
Error BelongsTo(uid_t owner, const std::string& directory);

// Whether only this user, its administrator aside, may write to `directory`: else kForbidden. Who
// else may could answer commands in the server's place, or put files of a store there. An absent
// one is made shut.
Result<bool> ShutToOthers(const std::string& directory);

// Whether this user may open the store in `directory` to write, or make one: else kForbidden.
Result<bool> BelongsHere(const std::string& directory);

}  // namespace barracuda::app
