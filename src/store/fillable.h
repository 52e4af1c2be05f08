// Fillable: an engine that takes very many new documents at once, before anybody serves from it.
//
//     if (auto* fillable = FillableOf(engine)) auto filled =
//     fillable->Insert(std::move(documents));
//
// Threads: Insert from any, also several at a time; nobody else writes meanwhile.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "store/engine.h"

namespace barracuda::store {

struct NewDocument {
    Ref ref;
    std::string bytes;
};

class Fillable {
public:
    virtual ~Fillable() = default;
    // With all that is derived from them. Nothing is looked up: no two documents that are ever
    // given, and none that is stored, have a key or a unique value in common (Verify tells). A
    // crash may leave a part of them. Errors: kUnavailable, after which the engine refuses writes.
    virtual Result<bool> Insert(std::vector<NewDocument> documents) = 0;
};

// nullptr: this one cannot be filled.
Fillable* FillableOf(Engine& engine);

}  // namespace barracuda::store
