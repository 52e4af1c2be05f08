// The ordered key-value store under KvEngine: RocksDB, or memory for tests. Four spaces, one atomic
// durable batch, iterators over a snapshot.
//
// Threads: the methods of Kv and of a snapshot from any; an iterator belongs to one. Errors:
// kUnavailable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace barracuda::store {

enum class Space : uint8_t { kDocuments, kIndexes, kWork, kLog };
inline constexpr size_t kSpaces = 4;

class KvRun;

struct KvChange {
    enum class Kind : uint8_t { kPut, kDelete, kAdd /* merges a rollup delta */ };
    Space space;
    Kind kind;
    std::string key;
    std::string value;
};

struct KeyRange {
    std::string from, to;  // both inclusive
};

class KvIterator {
public:
    virtual ~KvIterator() = default;
    virtual void Seek(std::string_view key) = 0;         // first at or after
    virtual void SeekForPrev(std::string_view key) = 0;  // last at or before
    virtual bool Valid() const = 0;
    virtual void Next() = 0;
    virtual void Prev() = 0;
    virtual std::string_view Key() const = 0;
    virtual std::string_view Value() const = 0;
    virtual Result<bool> Status() const = 0;
};

// All spaces as they stood at one moment. Reading it waits for no writer.
class KvSnapshot {
public:
    virtual ~KvSnapshot() = default;
    virtual Result<std::vector<std::optional<std::string>>> MultiGet(
        Space space, std::span<const std::string> keys
    ) = 0;
    virtual std::unique_ptr<KvIterator> Iterate(Space space) = 0;
};

class Kv {
public:
    virtual ~Kv() = default;
    // In the order of `keys`; nullopt: absent.
    virtual Result<std::vector<std::optional<std::string>>> MultiGet(
        Space space, std::span<const std::string> keys
    ) = 0;
    virtual Result<bool> Apply(std::span<const KvChange> changes) = 0;  // atomic and durable
    virtual std::unique_ptr<KvIterator> Iterate(Space space) = 0;       // a snapshot
    // Entries in the order of their keys (KvRun::Sort), none of which stands there twice or in the
    // store, and sums to add: into a store that is being filled. A crash may leave a part of it.
    virtual Result<bool> Ingest(const KvRun& run);
    // For who reads everything: what it reads pushes nothing out of the cache.
    virtual std::unique_ptr<KvSnapshot> Snapshot() = 0;
    // The same for a list: what it reads is likely read again.
    virtual std::unique_ptr<KvSnapshot> View() { return Snapshot(); }
    virtual Result<bool> Backup(const std::string& directory) = 0;
    // Takes deleted and overwritten values of these ranges out of the files too. Blocks, and may
    // take seconds.
    virtual Result<bool> Purge(Space space, std::span<const KeyRange> ranges) {
        (void)space, (void)ranges;
        return true;
    }
};

// A rollup value: count and sum, 24 bytes little-endian. Adding is how deltas merge.
struct RollupValue {
    int64_t count = 0;
    __int128 micros = 0;

    std::string Bytes() const;
    static std::optional<RollupValue> Parse(std::string_view bytes);
    void Add(const RollupValue& other) {
        count += other.count;
        micros += other.micros;
    }
};

}  // namespace barracuda::store
