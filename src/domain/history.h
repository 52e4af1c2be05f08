// The history of a stored document: who changed which field, and when. Every document bounds its
// own number of entries; an entry and its bytes are the same everywhere.
//
// Plain values: any thread.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "domain/bson.h"

namespace barracuda::domain {

struct HistoryEntry {
    Time at = {};
    std::string by = {};       // a route, an admin, a key, a network
    std::string command = {};  // of a conversion: the command's id (hex)
    std::string field = {};
    std::string from = {};
    std::string to = {};
    std::string reason = {};  // what who corrected it gave for it
    bool operator==(const HistoryEntry&) const = default;
};

// The element `history`, absent when there is none.
void PutHistory(BsonWriter& to, const std::vector<HistoryEntry>& history);
std::vector<HistoryEntry> HistoryIn(const bson_iter_t& at);

}  // namespace barracuda::domain
