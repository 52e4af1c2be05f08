// The keys under which a document and what is derived from it stand (docs/formats/rocksdb.md).
// Reading takes any bytes: nullopt where they are no key of ours.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "domain/bson.h"
#include "store/engine.h"
#include "store/kv.h"

namespace barracuda::store {

inline constexpr char kRollupPrefix = '\x7f';  // above every IndexId
// Raise when the groups change.
inline constexpr int kRollupVersion = 2;
inline constexpr int kWorkVersion = 2;  // of the work queue's keys

// Of everything that is derived from documents: a store of another one is rebuilt at open.
std::string DerivedVersion();

std::string DocumentKey(const Ref& ref);

// Of the work queue; nullopt: nothing is due.
std::optional<std::string> WorkKeyOf(const Ref& ref, const domain::TopFields& document);
std::optional<WorkItem> WorkItemOf(std::string_view work_key);

// What one document adds to the rollups, by group, or nothing.
std::optional<std::pair<std::string, RollupValue>> RollupOf(
    const Ref& ref, const domain::TopFields& document
);

}  // namespace barracuda::store
