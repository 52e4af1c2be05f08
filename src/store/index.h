// Index definitions as versioned data, stated once: what RocksDB keeps as entries and MongoDB as
// indexes. docs/formats/rocksdb.md describes the bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/bson.h"
#include "store/engine.h"

namespace barracuda::store {

enum class IndexId : uint8_t {
    kConversionId = 1,
    kConversionCreated = 2,
    kConversionAffiliate = 3,
    kConversionDead = 4,
    // What waits, by (owner, due): the work queue read as an index. It is not among Indexes(), as
    // every engine keeps its work queue anyway; Scan takes it without `from` and `to`.
    kConversionDue = 5,
    kContactEmail = 10,
    kContactSub1 = 11,
    kContactClick = 12,
    kContactCreated = 13,
};

struct IndexDefinition {
    IndexId id;
    Collection collection;
    const char* name;
    std::vector<const char*> fields;  // top-level; a document that lacks one has no entry
    bool unique = false;
};

// Raise when a definition changes; a store of another version is rebuilt at open.
inline constexpr int kIndexVersion = 2;

const std::vector<IndexDefinition>& Indexes();
const IndexDefinition& IndexOf(IndexId id);  // of kConversionDue too
bool IsDateField(std::string_view field);    // dates sort as numbers, not as text

// Ordered bytes: text as it is and a NUL, dates and numbers as eight bytes big-endian with the sign
// bit flipped (no NUL after).
void AppendText(std::string& key, std::string_view text);
void AppendDate(std::string& key, Time time);

// The entries `document` has in every index of its collection: index id, values, primary key.
// A value that holds a NUL has none: it could not be told where it ends. `unique_prefix` is set for
// unique indexes: the part that may stand once.
struct IndexEntry {
    std::string key;
    size_t unique_prefix = 0;  // bytes; 0: not unique
};
std::vector<IndexEntry> EntriesOf(const Ref& ref, const domain::TopFields& document);

// The entry's primary key; nullopt where these bytes are no entry of this index.
std::optional<std::string_view> KeyInEntry(const IndexDefinition& index, std::string_view entry);

}  // namespace barracuda::store
