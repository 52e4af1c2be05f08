// Copies the files of a store into another directory, durably: what restore does.
//
// Threads: one, which it blocks; nobody else uses either directory.
#pragma once

#include <string>

#include "base/result.h"

namespace barracuda::store {

// `to` exists and holds none of them. Every file is synced, CURRENT comes last. Errors:
// kUnavailable with the file's name and the system's words ("No space left on device").
Result<bool> CopyStoreFiles(const std::string& from, const std::string& to);

}  // namespace barracuda::store
