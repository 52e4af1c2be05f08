// Moves a store: every document of one engine into another, of any two kinds
// (docs/operating/moving.md).
//
//     auto report = CopyStore(*from, *to, {.source = "rocksdb:/var/lib/barracuda"});
//
// Documents are the same bytes everywhere, so what an engine derives (indexes, work queue, sums)
// follows by itself. The target remembers in `settings` (`migration`) where it comes from and how
// far it is: a run that was killed goes on there, and until the end nothing else opens it
// (UnfinishedMigration). At the end both stores are read once more and compared, by count and by
// hash.
//
// Threads: blocks its caller, for minutes; nobody else may write to either store. Errors: kConflict
// when the target holds documents of its own, comes from elsewhere, or is not the same in the end;
// kUnavailable for a store that fails.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/engine.h"

namespace barracuda::store {

struct CopyProgress {
    Collection collection = Collection::kConversions;
    bool comparing = false;
    int64_t documents = 0;
};

struct CopyOptions {
    std::string source;  // where it comes from, for the record and for people; no password
    std::function<void(const CopyProgress&)> progress = {};
    size_t page = 1'000;  // documents
};

// A collection as a set of documents: the same in any order, and in any engine.
struct Fingerprint {
    int64_t documents = 0;
    std::string hash;  // 64 hex digits
    bool operator==(const Fingerprint&) const = default;
};

struct CopiedCollection {
    Collection collection = Collection::kConversions;
    Fingerprint fingerprint;
};

struct CopyReport {
    std::vector<CopiedCollection> collections;
    int64_t copied = 0;    // by this run
    bool resumed = false;  // a run before had begun
};

Result<CopyReport> CopyStore(Engine& from, Engine& to, const CopyOptions& options);

// The fingerprint of a collection, without what belongs to the store itself (MongoDB's marker, this
// record).
Result<Fingerprint> FingerprintOf(
    Engine& engine, Collection collection, const std::function<void(int64_t documents)>& progress
);

// Where an unfinished copy comes from; nullopt: there is none.
Result<std::optional<std::string>> UnfinishedMigration(Engine& engine);

// A collection that holds documents which are not the store's own; nullopt: the store is empty.
Result<std::optional<Collection>> AnyContent(Engine& engine);

}  // namespace barracuda::store
