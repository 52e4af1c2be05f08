// The keys under which a document and what is derived from it stand (docs/formats/rocksdb.md).
// Reading takes any bytes: nullopt where they are no key of ours.
//
// Pure, any thread.
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
inline constexpr char kAfterRollups = '\x80';
// Raise when the groups change, or what an index entry looks like here alone: MongoDB's indexes are
// named by kIndexVersion, and built anew when that is raised.
inline constexpr int kRollupVersion = 3;
inline constexpr int kWorkVersion = 2;  // of the work queue's keys

// Of everything that is derived from documents: a store of another one is rebuilt at open.
std::string DerivedVersion();
// Whether a stored version is of a later program: any of its numbers is larger than ours.
bool IsNewerThanOurs(std::string_view version);

// Keys of ours in the documents' space, below every collection.
inline constexpr std::string_view kVersionKey("\0index_version", 14);
inline constexpr std::string_view kAcceptedLossKey("\0accepted_loss", 14);

std::string DocumentKey(const Ref& ref);

// Of the work queue; nullopt: nothing is due.
std::optional<std::string> WorkKeyOf(const Ref& ref, const domain::TopFields& document);
std::optional<WorkItem> WorkItemOf(std::string_view work_key);

// The group of a rollup and the amount that one document adds to it, or nothing.
std::optional<std::pair<std::string, RollupValue>> RollupOf(
    const Ref& ref, const domain::TopFields& document
);

}  // namespace barracuda::store
