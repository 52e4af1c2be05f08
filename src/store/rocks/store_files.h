// The files of a RocksDB store as they lie in a directory, looked at without opening them: whether
// a store is there, whether it lacks a file that every store has, and whether making or restoring
// it came to its end. The one rule behind all of it: nothing is made where any trace of a store
// lies.
//
// Threads: none of its own; the caller is alone on the directory.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace barracuda::store {

// Whether this name is a file of a store, ours (HAS_LOG, HIGH_WATER) or RocksDB's; LOCK is not.
bool IsStoreFile(const std::string& name);

// Any file of a store, whole or not. A directory that cannot be read is an error; an absent one
// holds none.
Result<bool> HoldsStore(const std::string& directory);

enum class Found {
    kNothing,
    kBegun /* a first open that did not end: nothing in it counts */,
    kStore
};

// Faults that LookAtStore passes over.
struct Lenient {
    bool restoring = false;    // an unfinished restore is looked at like any store: by who ends it
    bool without_log = false;  // by who accepts the loss
};
// Fails, naming what is missing and what to do, where there are files of a store without those that
// every store has (CURRENT, the manifest that it names, a log), and where a restore has not ended.
Result<Found> LookAtStore(const std::string& directory, Lenient to = {});

// A store that was open to be written, and has no log.
bool LostItsLog(const std::string& directory);

// A file UNFINISHED lies in the directory from before the first file of a store until the store is
// whole: `what` is "new", or "restore of DIR".
Result<bool> BeginStore(const std::string& directory, const std::string& what);
Result<bool> FinishStore(const std::string& directory);
std::optional<std::string> UnfinishedIn(const std::string& directory);
inline constexpr const char* kNewStore = "new";

// Removes every file of a store: for one that is unfinished.
Result<bool> RemoveStoreFiles(const std::string& directory);

// HAS_LOG: this store was open to be written, so a log belongs to it.
Result<bool> MarkHasLog(const std::string& directory);

// Makes the names in a directory durable.
Result<bool> SyncDirectory(const std::string& directory);

// An error with errno's words: "cannot write F: No space left on device".
Error FileError(const std::string& what, int number);

// Names, of every kind. Error: it cannot be read; an absent directory has none.
Result<std::vector<std::string>> NamesIn(const std::string& directory);

}  // namespace barracuda::store
