// The state of a database before it is served, and the seed's unique index in it.
//
// Threads: plain functions over a thread-safe client. Errors: kForbidden for a missing privilege,
// else kUnavailable.
#pragma once

#include <string>
#include <vector>

#include "store/document_ref.h"
#include "store/mongo/mongo_client.h"

namespace barracuda::store {

enum class DatabaseKind {
    kEmpty,
    kOurs,          // it has our marker
    kSeed,          // documents of the seed: to be adopted
    kBeingAdopted,  // an adoption has begun and not ended
    kForeign,       // documents of another application: never served, never adopted
};

struct DatabaseState {
    DatabaseKind kind = DatabaseKind::kEmpty;
    std::string why = {};  // kSeed, kBeingAdopted, kForeign: readable, with what to do
};

// Looks at a database, and changes nothing.
Result<DatabaseState> LookAt(MongoClient& client);

// The document of `settings` that an adoption keeps its place in.
inline constexpr const char* kAdoptionId = "adoption";

// The seed's unique index over click_id and goal_id alone (its name may be another one): with it a
// goal can count only once a click. Empty: there is none.
Result<std::string> NarrowIndex(MongoClient& client);
Result<bool> DropNarrowIndex(MongoClient& client);
// The message where that index is there and `goal` counts several times a click.
std::string TwoUniqueIndexes(const std::string& index, const std::string& goal);

// Other databases of this server with a collection of conversions that look like the old
// application's or ours, as far as this user sees them; at most a few are looked at.
Result<std::vector<std::string>> OthersWithConversions(MongoClient& client);
// Whether this one holds any.
Result<bool> HoldsConversions(MongoClient& client);

// Goals recorded as several times a click (nodes/goal_rules.h), or becoming so.
Result<std::vector<std::string>> RepeatableGoals(MongoClient& client);

}  // namespace barracuda::store
