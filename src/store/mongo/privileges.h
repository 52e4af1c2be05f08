// The privileges of a MongoDB user on its database: a missing one is reported at the start, not by
// the first request that needs it.
//
// Threads: plain functions over a thread-safe client.
#pragma once

#include <string>
#include <vector>

#include "store/mongo/mongo_client.h"

namespace barracuda::store {

struct Privileges {
    bool known = false;                // somebody is logged in, and the server tells
    bool wants_a_user = false;         // nobody is, and it answers nobody
    std::vector<std::string> missing;  // actions: "insert"
};

inline constexpr const char* kWantsAUser =
    "this MongoDB wants a user and a password, and the address has none";

// Compares the user's privileges with those that a node needs, and an adoption where `adopts`.
// Errors: as ask.h says.
Result<Privileges> LookAtPrivileges(MongoClient::Lease& lease, bool adopts);

// Errors: kForbidden where one of them is missing, or the server wants a user and the address names
// none; each is one line that says what to do.
Result<bool> CheckPrivileges(MongoClient& client, bool adopts = false);

}  // namespace barracuda::store
