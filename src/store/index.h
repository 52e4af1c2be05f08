// Index definitions as versioned data, stated once: what RocksDB keeps as entries and MongoDB as
// indexes. docs/formats/rocksdb.md describes the bytes.
//
// Pure; the definitions are constant. Any thread.
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
    // Waiting work by (owner, due): the work queue read as an index. It is not among Indexes(), as
    // every engine keeps its work queue anyway; Scan takes it without `from` and `to`.
    kConversionDue = 5,
    kConversionState = 6,
    kConversionGoal = 7,
    kConversionOffer = 8,
    kConversionTransaction = 9,
    kContactEmail = 10,
    kContactSub1 = 11,
    kContactClick = 12,
    kContactCreated = 13,
    kConversionUpdated = 14,
    kContactAffiliate = 15,
    kContactFtd = 16,
};

struct IndexDefinition {
    IndexId id;
    Collection collection;
    const char* name;
    // Top-level; a document that lacks one has no entry, but for words: those read as something.
    std::vector<const char*> fields;
    int since = 2;  // the version that brought it, in MongoDB's name of it
    bool unique = false;
    // Entries hold a hash of the text: keys stand in the store's own books (RocksDB's manifest)
    // longer than their document.
    bool hashed = false;
};

// Raise when a definition changes, and write the new number into that one's `since`: RocksDB builds
// all entries anew at open, MongoDB the indexes whose name it lacks.
inline constexpr int kIndexVersion = 4;

const std::vector<IndexDefinition>& Indexes();
const IndexDefinition& IndexOf(IndexId id);  // of kConversionDue too
// The text that an entry of this index has for a value of its nth field: a word is its number.
std::string IndexedText(IndexId index, size_t field, std::string_view value);
bool IsDateField(std::string_view field);  // dates sort as numbers, not as text
bool IsFlagField(std::string_view field);  // stored as true or false; its words are these
// A field of a closed vocabulary stands in an index as the program reads it: what is missing or no
// word of it is the first one here. Empty: the field has none.
std::span<const char* const> WordsOf(std::string_view field);

// Ordered bytes: text as it is and a NUL, dates and numbers as eight bytes big-endian with the sign
// bit flipped (no NUL after).
void AppendText(std::string& key, std::string_view text);
void AppendDate(std::string& key, Time time);
std::optional<Time> DateIn(std::string_view key, size_t at);  // nullopt: it ends before

// The entries `document` has in every index of its collection: index id, values, primary key.
// A value that holds a NUL has none: it could not be told where it ends. `unique_prefix` is set for
// unique indexes: the part that may stand once.
struct IndexEntry {
    std::string key;
    size_t unique_prefix = 0;  // bytes; 0: not unique
};
std::vector<IndexEntry> EntriesOf(const Ref& ref, const domain::TopFields& document);
// The same for who asks again and again: `into` is filled from its beginning, and the blocks of
// what it held are used again. How many there are; what stands behind them is left over.
size_t PutEntries(const Ref& ref, const domain::TopFields& document, std::vector<IndexEntry>& into);

// The entry's primary key; nullopt where these bytes are no entry of this index.
std::optional<std::string_view> KeyInEntry(const IndexDefinition& index, std::string_view entry);

}  // namespace barracuda::store
