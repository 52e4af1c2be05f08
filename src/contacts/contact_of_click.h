// The contact that a click belongs to, for a look at its conversion.
//
// Threads: any that may read the store, which it blocks on.
#pragma once

#include <optional>
#include <string>

#include "base/object_id.h"
#include "base/result.h"
#include "store/engine.h"

namespace barracuda::contacts {

// A contact whose flags follow this click (ConversionsOf, contact_sync.h); nullopt: there is none.
Result<std::optional<ObjectId>> ContactOfClick(store::Engine& engine, const std::string& click);

}  // namespace barracuda::contacts
