// Checks that a database can be used: a server that keeps our promises, privileges, our indexes
// and our marker.
//
// Threads: plain functions over a thread-safe client; several nodes may run them at one moment.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/index.h"
#include "store/mongo/mongo_client.h"

namespace barracuda::store {

// The name of an index of index.h, and of the index of the conversions' primary key.
std::string NameOfIndex(const IndexDefinition& index);
inline constexpr const char* kKeyIndex = "barracuda_key_v2";

// A replica set or a sharded cluster of MongoDB 4.4 or later that takes writes. Waits for a primary
// up to `patience`. Errors: kInvalid, each with what to do.
Result<bool> CheckServer(
    MongoClient& client, bool allow_standalone, std::chrono::milliseconds patience
);

// Makes every missing index of index.h, the primary key's and the work queue's. An index
// that is there costs nothing. Errors: kForbidden for a missing privilege, kInvalid for what the
// server does not take (documents that a unique index has no room for), else kUnavailable.
Result<bool> BuildIndexes(MongoClient& client);

// The indexes, then the marker. Of a database that is ours, or empty (state.h).
Result<bool> Prepare(MongoClient& client);

// Indexes of ours that are not there, or are others than they should be: readable lines.
Result<std::vector<std::string>> IndexFindings(MongoClient& client);

}  // namespace barracuda::store
