// The questions besides lists: what is due, who holds a value, and sums for the statistics.
//
// Threads: plain functions over a thread-safe client. Errors: kUnavailable.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "store/engine.h"
#include "store/mongo/mongo_client.h"

namespace barracuda::store {

// Engine::Work, by the index (owner, due): what waits for later is not read.
Result<std::vector<WorkItem>> DueWork(MongoClient& client, const WorkQuery& query);

// Everybody who owns an unfinished document, due or not.
Result<std::vector<std::string>> OwnersOfWork(MongoClient& client);

// Engine::FindAny, in one question.
Result<std::vector<std::string>> FindAnyOf(
    MongoClient& client, IndexId index, std::span<const std::string> values
);

// Engine::Rollup, by an aggregation over the whole collection. nullopt: it takes longer than
// `most`.
Result<std::optional<std::vector<RollupRow>>> SumUp(
    MongoClient& client, Collection collection, std::chrono::milliseconds most
);

}  // namespace barracuda::store
