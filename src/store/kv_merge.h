// The meaning of adding (KvChange::kAdd): the sum of a rollup or of a cell's rows, by the key's
// prefix.
//
// Pure; no thread contract.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace barracuda::store {

// `existing` with `value` added; nullopt: `value` is no sum. A damaged `existing` counts for
// nothing until verify --repair has counted anew; failing would end all writes at RocksDB's next
// compaction.
std::optional<std::string> Added(
    std::string_view key, std::optional<std::string_view> existing, std::string_view value
);

}  // namespace barracuda::store
