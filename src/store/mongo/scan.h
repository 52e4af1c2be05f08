// Ordered pages of one collection: a filter, an order and where to go on, from a ScanRequest.
//
// Threads: any; blocks on the server.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "store/engine.h"
#include "store/mongo/seen.h"

namespace barracuda::store {

inline constexpr std::chrono::milliseconds kScanTime{10'000};  // of one page, in the server

// Errors: kInvalid for a cursor that is none of ours, kUnavailable.
Result<Page> ScanPage(MongoClient& client, Seen& seen, const ScanRequest& request);

// Engine::Count, by the index alone where it holds everything that is asked.
Result<size_t> CountScan(MongoClient& client, const ScanRequest& request, size_t most);

// How the server goes about a page, for people and tests: its `explain`, with what it looked at.
Result<Bson> ExplainScan(MongoClient& client, const ScanRequest& request);

}  // namespace barracuda::store
