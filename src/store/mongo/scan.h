// Ordered pages of one collection: a filter, an order and where to go on, from a ScanRequest.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "store/engine.h"
#include "store/mongo/mongo_client.h"

namespace barracuda::store {

inline constexpr std::chrono::milliseconds kScanTime{10'000};  // of one page, in the server

// Errors: kInvalid for a cursor that is none of ours, kUnavailable.
Result<Page> ScanPage(MongoClient& client, const ScanRequest& request);

}  // namespace barracuda::store
