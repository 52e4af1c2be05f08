// Reads a whole range page by page: for loading and for lists that must see everything. Blocks its
// thread on the store: never an io thread, never the ledger's.
#pragma once

#include <functional>
#include <string>

#include "store/engine.h"

namespace barracuda::store {

// Calls `visit` with every document of `request`, in its order. Errors: what Engine::Scan says.
Result<bool> EachDocument(
    Engine& engine, ScanRequest request, const std::function<void(const std::string&)>& visit
);
// Every document of a collection, by its key.
Result<bool> EachDocument(
    Engine& engine, Collection collection, const std::function<void(const std::string&)>& visit
);

}  // namespace barracuda::store
