// Shared by every engine: the names of the collections, and a document's address read from the
// document itself.
//
// Pure, any thread.
#pragma once

#include <string_view>

#include "store/engine.h"

namespace barracuda::store {

inline constexpr Collection kCollections[] = {
    Collection::kConversions,
    Collection::kContacts,
    Collection::kAdmins,
    Collection::kSessions,
    Collection::kApiKeys,
    Collection::kNodes,
    Collection::kSettings,
};

const char* NameOf(Collection collection);

// By which MongoDB's databases are known to be ours: a document of `settings`.
inline constexpr const char* kMarkerId = "barracuda";

// How far a copy into this store is: another one (copy.h).
inline constexpr const char* kMigrationId = "migration";
// Whether a document belongs to the store it is in, and to no copy of it: those two.
bool IsStoresOwn(Collection collection, std::string_view document);

// A conversion's key is in its fields, every other document's is its `_id` as text.
Ref RefOfDocument(Collection collection, std::string_view document);

}  // namespace barracuda::store
