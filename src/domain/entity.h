// Shared by networks, goals and offers: they are documents of the collection `settings`,
// edited by an admin, with a bounded history of who changed what (docs/formats/documents.md).
// Pure values; no thread contract beyond that.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "domain/bson.h"
#include "domain/history.h"

namespace barracuda::domain {

// Why an entity is refused: the place and the reason. `field` is the name in the API's JSON
// ("limits.concurrency", "postback.url"); `position` counts bytes from 0 inside that field's text.
struct Problem {
    std::string field{};
    std::string reason{};
    std::optional<size_t> position{};

    std::string Text() const;  // "postback.url at 31: there is no macro {clickid}"
    bool operator==(const Problem&) const = default;
};

struct EntityMeta {
    static constexpr size_t kHistoryMax = 50;  // the oldest go first

    int64_t rev = 0;  // 0: built in, not stored
    Time created;
    Time updated;
    std::vector<HistoryEntry> history;

    bool operator==(const EntityMeta&) const = default;
};

// An entity's fields as text, in the order of its document: what a history compares and shows.
using FlatFields = std::vector<std::pair<std::string, std::string>>;

// Makes `meta` that of a write at `now`: one more `rev`, and an entry for each difference.
void Amend(
    EntityMeta& meta, const FlatFields& before, const FlatFields& after, Time now, std::string by
);

// "settings" keys: "network:NAME", "goal:ID", "offer:ID".
std::string EntityKey(std::string_view type, std::string_view name);

// 1 to 64 of letters, digits, `_`, `-`, `.`: an entity's name stands in a path and in ids.
bool IsEntityName(std::string_view name);

std::string JoinTexts(const std::vector<std::string>& texts);  // "a, b"

// Codec helpers. EachElement visits the elements of a document or an array, in order; false when
// the bytes are no BSON.
using VisitElement = std::function<void(std::string_view key, const bson_iter_t& at)>;
bool EachElement(std::string_view bson, const VisitElement& visit);
void PutTexts(BsonWriter& to, const char* key, const std::vector<std::string>& texts);
std::vector<std::string> TextsIn(const bson_iter_t& at);
std::vector<std::string> TextsIn(const TopFields& fields, const char* name);  // absent: none
void PutMeta(BsonWriter& to, const EntityMeta& meta);
// Reads one element that PutMeta wrote; false when it is another's.
bool TakeMeta(EntityMeta& to, std::string_view key, const bson_iter_t& at);

}  // namespace barracuda::domain
