// Keys changed in memory while everything is read from the store anew: the reading counts for all
// other keys. Strangers and clients cause changes as well, so that a reading thrown away for
// one of them could be thrown away for ever.
//
//     const auto since = changes.Begin();        // then read, without the lock
//     changes.Note(key);                         // meanwhile, with the change
//     if (!changes.Has(key, since)) take it;     // of each that was read, and each that was not
//     changes.End();
//
// Threads: none of its own; under the lock of what it belongs to.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "base/check.h"

namespace barracuda::auth {

class Changes {
public:
    uint64_t Begin() {
        ++readings_;
        return count_;
    }
    void Note(const std::string& key) {
        ++count_;
        if (readings_ > 0) changed_[key] = count_;
    }
    bool Has(const std::string& key, uint64_t since) const {
        auto at = changed_.find(key);
        return at != changed_.end() && at->second > since;
    }
    void End() {
        BARRACUDA_CHECK(readings_ > 0);  // each End has its Begin
        if (--readings_ == 0) changed_.clear();
    }

private:
    uint64_t count_ = 0;
    int readings_ = 0;  // under way
    std::unordered_map<std::string, uint64_t> changed_;
};

// Replaces `memory` by what was read, but for what changed since.
template <typename Entries>
void TakeReading(const Changes& changes, uint64_t since, Entries& memory, Entries read) {
    std::erase_if(read, [&](const auto& one) { return changes.Has(one.first, since); });
    for (auto& [key, entry] : memory) {
        if (changes.Has(key, since)) read.insert_or_assign(key, std::move(entry));
    }
    memory = std::move(read);
}

}  // namespace barracuda::auth
