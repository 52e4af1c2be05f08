// Thin reading and writing of BSON, over libbson: what a document codec needs, nothing else.
#pragma once

#include <bson/bson.h>

#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/object_id.h"
#include "base/time.h"

namespace barracuda::domain {

// Builds one document, whose bytes it writes itself: libbson's appends cost five times the bytes
// they copy. Threads: one.
//
//     BsonWriter to;
//     to.Text("name", name);
//     to.BeginArray("sums");          // its elements are put under "0", "1", …
//     to.Text("0", "amount");
//     to.End();
//     std::string bson = to.Take();
//
// Fields beyond 2 GiB stop the program: one that is left out in silence would be lost.
class BsonWriter {
public:
    BsonWriter() = default;
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
    // What is put until its End() stands in it. Within each other at most kDepthMax.
    void BeginDocument(std::string_view key);
    void BeginArray(std::string_view key);
    void End();
    std::string Take() const;  // with nothing begun

    static constexpr size_t kDepthMax = 4;

private:
    // The place of a value of `size` bytes, behind its type and key.
    char* Put(char type, std::string_view key, size_t size);
    char* Room(size_t size);
    void Begin(char type, std::string_view key);

    static constexpr size_t kUsual = 1024;  // bytes of a document that need no block
    std::array<char, kUsual> small_;        // without an initialiser, which would zero it
    std::unique_ptr<char[]> large_;
    char* data_ = small_.data();
    size_t size_ = sizeof(int32_t), capacity_ = kUsual;  // behind the length, which comes last
    std::array<size_t, kDepthMax> begun_;
    size_t depth_ = 0;
};

// Sets `at` before the first field. False where the bytes are no document, and for none at all,
// which libbson takes for a fault of ours and aborts. Whether they are sound in the middle shows at
// the end: at.err_off != 0.
bool OpenBson(bson_iter_t& at, std::string_view bson);

// Any scalar as canonical text: strings as they are, whole numbers digit for digit, money as
// Money::Text prints it. nullopt for null, undefined, arrays and documents.
std::optional<std::string> ScalarText(const bson_iter_t& at);
// In place; nullopt: it is no text.
inline std::optional<std::string_view> Utf8At(const bson_iter_t& at) {
    if (bson_iter_type_unsafe(&at) != BSON_TYPE_UTF8) return std::nullopt;
    size_t length = 0;
    const char* bytes = bson_iter_utf8_unsafe(&at, &length);
    return std::string_view(bytes, length);
}
Time TimeOf(const bson_iter_t& at);
std::string_view BytesOf(const bson_iter_t& at);  // of a document or an array

// The top-level fields of one document, found in one walk: for who asks for several of them. It
// looks into `bson`, which must outlive it; where the bytes are no BSON nothing is found.
class TopFields {
public:
    explicit TopFields(std::string_view bson);
    const bson_iter_t* Find(std::string_view name) const {
        for (uint8_t i = first_[Place(name)]; i != 0; i = entries_[i - 1].next) {
            if (entries_[i - 1].Is(name)) return &entries_[i - 1].at;
        }
        return more_.empty() ? nullptr : FindMore(name);
    }
    std::optional<std::string> Text(std::string_view name) const;  // ScalarText of it
    std::string TextOr(std::string_view name, std::string_view otherwise = "") const;
    // As TextOr, without a copy of what is text: it looks into the document, or into `spare`.
    std::string_view TextIn(std::string_view name, std::string& spare) const;
    int64_t Number(std::string_view name) const;  // a date as its ms; 0 where there is none
    std::optional<Time> Date(std::string_view name) const;  // nullopt where it is no date
    // The bytes of a document; empty where there is none.
    std::string_view Bytes(std::string_view name) const;

private:
    // Without initialisers: 40 of them are 10 KiB, which would be zeroed for each document.
    struct Entry {
        const char* name;
        size_t size;
        uint8_t next;  // of the same place; 0: none
        bson_iter_t at;
        // Most others differ in their length or their first byte; no name is empty but "".
        bool Is(std::string_view other) const {
            return size == other.size() &&
                   (size == 0 || (*name == other[0] && std::memcmp(name, other.data(), size) == 0));
        }
    };
    static constexpr size_t kNoted = 40;  // more than our own documents hold
    static constexpr size_t kPlaces = 64;
    static size_t Place(std::string_view name) {
        if (name.empty()) return 0;
        const auto first = static_cast<unsigned char>(name.front());
        const auto last = static_cast<unsigned char>(name.back());
        return (name.size() * 7 + first * 5 + last) % kPlaces;
    }
    void Note(uint8_t number);
    const bson_iter_t* FindMore(std::string_view name) const;

    std::array<uint8_t, kPlaces> first_ = {};  // the number of an entry, from 1; 0: none
    std::array<Entry, kNoted> entries_;
    size_t count_ = 0;
    std::vector<Entry> more_;
};

// A top-level scalar of `bson`, or nullopt.
std::optional<std::string> TopText(std::string_view bson, const char* key);

}  // namespace barracuda::domain
