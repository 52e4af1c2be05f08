// How far an import has come, as a small file: a run that was broken off goes on behind it, and
// what was recorded since the file was last written is a duplicate then.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/import_source.h"
#include "base/result.h"

namespace barracuda::app {

struct ImportCounts {
    int64_t read = 0, recorded = 0, duplicate = 0, updated = 0, refused = 0, sound = 0;
    bool operator==(const ImportCounts&) const = default;
};

struct ImportState {
    std::string beginning;  // of the file (ImportSource::beginning)
    SourcePlace place;
    ImportCounts counts;
};

// nullopt: there is none. Errors: kInvalid, it is none of ours; kUnavailable, it cannot be read.
Result<std::optional<ImportState>> ReadState(const std::string& path);
// Whole or not at all, and durable. Errors: kUnavailable.
Result<bool> WriteState(const std::string& path, const ImportState& state);

}  // namespace barracuda::app
