// What must hold before a database is used: a server that keeps our promises, rights, our indexes
// and our marker.
//
// Threads: plain functions over a thread-safe client; several nodes may run them at one moment.
#pragma once

#include <optional>
#include <string>

#include "store/mongo/mongo_client.h"

namespace barracuda::store {

// A replica set or a sharded cluster of MongoDB 4.4 or later that takes writes. Waits for a primary
// up to `patience`. Errors: kInvalid, each with what to do.
Result<bool> CheckServer(
    MongoClient& client, bool allow_standalone, std::chrono::milliseconds patience
);

// Why this database cannot be served: the seed's collections with content and no marker of ours
// (adoption sets it). nullopt: it can.
Result<std::optional<std::string>> ForeignContent(MongoClient& client);

// Makes every missing index of index.h, the primary key's and the work queue's; then sets the
// marker. What is there already costs nothing. Errors: kForbidden for a missing privilege, else
// kUnavailable.
Result<bool> Prepare(MongoClient& client);

// Names of ours that are not there; for `verify`.
Result<std::vector<std::string>> MissingIndexes(MongoClient& client);

}  // namespace barracuda::store
