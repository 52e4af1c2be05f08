// Copies the files of a store into another directory, durably, with their hashes on the way: what
// backup and restore do.
//
// Threads: one, which it blocks; nobody changes either directory meanwhile. Errors: kUnavailable
// with the file's name and the system's words ("No space left on device").
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/rocks/backup_list.h"

namespace barracuda::store {

// Hears of every part that was read: how many bytes.
using ReadProgress = std::function<void(uint64_t bytes)>;

// Every part of a file to `take`, which may fail.
Result<bool> EachPart(
    const std::string& path, const std::function<Result<bool>(std::string_view part)>& take
);
// All of it. `what` begins the error: "cannot write F".
Result<bool> WriteWhole(int fd, std::string_view bytes, const std::string& what);

Result<std::string> HashOfFile(const std::string& path, const ReadProgress& progress);
// A new file, synced. -> its hash.
Result<std::string> CopyFile(
    const std::string& from, const std::string& to, const ReadProgress& progress
);

// `to` exists and holds none of them. Every file is synced, CURRENT comes last. With a list, what
// it names and nothing else; kInvalid where a file is missing or has another size or hash.
Result<bool> CopyStoreFiles(
    const std::string& from,
    const std::string& to,
    const BackupList* list = nullptr,
    const ReadProgress& progress = {}
);

}  // namespace barracuda::store
