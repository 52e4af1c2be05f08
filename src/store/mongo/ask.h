// Small questions to a database that setup, adoption and the doctor share.
//
// Threads: whoever has the lease. Errors: those of ToldError.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/mongo/mongo_client.h"

namespace barracuda::store {

using MongoCursor = std::unique_ptr<mongoc_cursor_t, decltype(&mongoc_cursor_destroy)>;

// The server's error as kForbidden (credentials, privileges), kInternal (it does not take the
// command as it is) or kUnavailable (the same again may succeed).
Error ToldError(const bson_error_t& error, const bson_t* reply = nullptr);

inline std::string BytesOf(const bson_t& document) {
    return {reinterpret_cast<const char*>(bson_get_data(&document)), document.len};
}

// Every document of `collection` that `filter` matches.
Result<std::vector<std::string>> FindAll(
    MongoClient::Lease& lease, const char* collection, const Bson& filter, const Bson& options
);

// Whether there is one.
Result<bool> HasAny(MongoClient::Lease& lease, const char* collection, const Bson& filter);

// One document of `settings` by its `_id`.
Result<std::optional<std::string>> FindSetting(MongoClient::Lease& lease, std::string_view id);

// Index documents of a collection (`name`, `key`, `unique`, …). A collection that is not there has
// none.
Result<std::vector<std::string>> IndexesOf(MongoClient::Lease& lease, const char* collection);

}  // namespace barracuda::store
