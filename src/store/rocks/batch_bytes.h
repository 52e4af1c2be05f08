// One batch of changes as the bytes of a rocksdb::WriteBatch, which are those of the write-ahead
// log (rocksdb/db/write_batch.cc describes them). RocksDB's own appends cost ten times the bytes
// they copy: each looks up its family, its flags and what it would take back.
//
//     auto ordered = InKeyOrder(changes);
//     rocksdb::WriteBatch batch(BatchBytes(ordered, stamp, ids));
//
// Pure, any thread.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/kv.h"

namespace barracuda::store {

// By space, then key; of one key in the order of `changes`. Pointers into `changes`.
std::vector<const KvChange*> InKeyOrder(std::span<const KvChange> changes);

// `log_data` goes into the log alone, and first; `families`: the id of each space's.
std::string BatchBytes(
    std::span<const KvChange* const> changes,
    std::string_view log_data,
    const std::array<uint32_t, kSpaces>& families
);

}  // namespace barracuda::store
