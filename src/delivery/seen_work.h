// SeenWork: which entries of the work queue were read of late, so that a round which looks behind
// the others does not read their documents again. An entry of the same document that is due at
// another moment is another one.
//
// It remembers an entry for at least kKeptFor, unless there are too many: what it forgets early is
// read once more. Of two entries in about 10^19 it takes one for the other; the round over
// everything finds that one. Threads: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_set>
#include <utility>

#include "store/engine.h"

namespace barracuda::delivery {

class SeenWork {
public:
    using Instant = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::seconds kKeptFor{90};
    static constexpr size_t kEntriesMax = 262'144;  // of each of the two halves

    void Add(const store::WorkItem& item, Instant now) {
        if (now - since_ >= kKeptFor || fresh_.size() >= kEntriesMax) {
            old_ = std::exchange(fresh_, {});
            since_ = now;
        }
        fresh_.insert(HashOf(item));
    }
    bool Has(const store::WorkItem& item) const {
        const size_t hash = HashOf(item);
        return fresh_.contains(hash) || old_.contains(hash);
    }

private:
    static size_t HashOf(const store::WorkItem& item) {
        const auto due = static_cast<uint64_t>(item.due.ms) * 0x9e37'79b9'7f4a'7c15;
        return std::hash<std::string>()(item.ref.key) ^ static_cast<size_t>(due);
    }
    std::unordered_set<size_t> fresh_, old_;
    Instant since_{};
};

}  // namespace barracuda::delivery
