// Thin reading and writing of BSON over libbson: what a document codec needs, nothing else.
#pragma once

#include <bson/bson.h>

#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/object_id.h"
#include "base/time.h"

namespace barracuda::domain {

// Builds one document. Threads: one; nested documents are built apart and appended.
class BsonWriter {
public:
    BsonWriter() { bson_init(&bson_); }
    ~BsonWriter() { bson_destroy(&bson_); }
    BsonWriter(const BsonWriter&) = delete;
    BsonWriter& operator=(const BsonWriter&) = delete;

    void Text(std::string_view key, std::string_view value);
    void Int(std::string_view key, int64_t value);
    void Bool(std::string_view key, bool value);
    void Date(std::string_view key, Time value);
    void Id(std::string_view key, const ObjectId& value);
    void Decimal(std::string_view key, const std::string& value);  // text where it is no number
    void Document(std::string_view key, std::string_view bson);
    void Array(std::string_view key, const BsonWriter& elements);  // keys "0", "1", …
    void Element(const bson_iter_t& at);                           // as it is, under its own key
    std::string Take() const;

private:
    bson_t bson_;
};

// Sets `at` before the first field. False where the bytes are no document, and for none at all,
// which libbson takes for a fault of ours and aborts. Whether they are sound in the middle shows at
// the end: at.err_off != 0.
bool OpenBson(bson_iter_t& at, std::string_view bson);

// Any scalar as canonical text: strings as they are, whole numbers digit for digit, money as
// Money::Text prints it. nullopt for null, undefined, arrays and documents.
std::optional<std::string> ScalarText(const bson_iter_t& at);
Time TimeOf(const bson_iter_t& at);
std::string_view BytesOf(const bson_iter_t& at);  // of a document or an array

// The top-level fields of one document, found in one walk: for who asks for several of them. It
// looks into `bson`, which must outlive it; where the bytes are no BSON nothing is found.
class TopFields {
public:
    explicit TopFields(std::string_view bson);
    const bson_iter_t* Find(std::string_view name) const;
    std::optional<std::string> Text(std::string_view name) const;  // ScalarText of it
    std::string TextOr(std::string_view name, std::string_view otherwise = "") const;
    int64_t Number(std::string_view name) const;  // a date as its ms; 0 where there is none
    std::optional<Time> Date(std::string_view name) const;  // nullopt where it is no date
    // The bytes of a document; empty where there is none.
    std::string_view Bytes(std::string_view name) const;

private:
    // Without initialisers: 40 of them are 10 KiB, which would be zeroed for each document.
    struct Entry {
        const char* name;
        size_t size;
        bson_iter_t at;
        // Most others differ in their length or their first byte; no name is empty but "".
        bool Is(std::string_view other) const {
            return size == other.size() &&
                   (size == 0 || (*name == other[0] && std::memcmp(name, other.data(), size) == 0));
        }
    };
    static constexpr size_t kNoted = 40;  // more than our own documents hold
    std::array<Entry, kNoted> entries_;
    size_t count_ = 0;
    std::vector<Entry> more_;
};

// A top-level scalar of `bson`, or nullopt.
std::optional<std::string> TopText(std::string_view bson, const char* key);

}  // namespace barracuda::domain
