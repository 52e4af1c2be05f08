// The questions besides lists: what is due, who holds a value, and sums for the statistics.
//
// Threads: plain functions over a thread-safe client. Errors: those of Seen::Find.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "store/engine.h"
#include "store/mongo/seen.h"

namespace barracuda::store {

// Engine::Work, by the index (owner, due): what waits for later is not read.
Result<std::vector<WorkItem>> DueWork(MongoClient& client, Seen& seen, const WorkQuery& query);

// Everybody who owns an unfinished document, due or not: one seek in the index for each.
Result<std::vector<NodeId>> OwnersOfWork(MongoClient& client, Seen& seen);

// Engine::FindAny, in one question.
Result<std::vector<std::string>> FindAnyOf(
    MongoClient& client, Seen& seen, IndexId index, std::span<const std::string> values
);

// Engine::Rollup, by an aggregation over the whole collection. nullopt: it takes longer than
// `most`.
Result<std::optional<std::vector<RollupRow>>> SumUp(
    MongoClient& client, Collection collection, std::chrono::milliseconds most
);

}  // namespace barracuda::store
