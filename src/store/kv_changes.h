// The changes of one batch after the other. What a batch held is used again by the next: its keys
// and values keep their blocks, which are made and freed some fifteen times a conversion otherwise.
//
//     changes.Clear();
//     changes.Add(Space::kIndexes, KvChange::Kind::kPut).key.swap(entry);
//     kv.Apply(changes.all());
//
// Threads: one.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "store/kv.h"

namespace barracuda::store {

class KvChanges {
public:
    static constexpr size_t kChangesKept = 16'384;  // of a full batch of the ledger
    static constexpr size_t kBytesKept = 1'024;     // of each key and value

    // The next one, its key and value empty. It stays where it is until another is added.
    KvChange& Add(Space space, KvChange::Kind kind) {
        if (size_ == changes_.size()) changes_.emplace_back();
        KvChange& change = changes_[size_++];
        change.space = space;
        change.kind = kind;
        return change;
    }
    std::span<const KvChange> all() const { return {changes_.data(), size_}; }

    void Clear() {
        if (changes_.size() > kChangesKept) changes_.clear();
        for (size_t i = 0; i < std::min(size_, changes_.size()); ++i) {
            Empty(changes_[i].key);
            Empty(changes_[i].value);
        }
        size_ = 0;
    }

private:
    static void Empty(std::string& bytes) {
        if (bytes.capacity() > kBytesKept) std::string().swap(bytes);  // to assign keeps the block
        bytes.clear();
    }

    std::vector<KvChange> changes_;
    size_t size_ = 0;  // in use
};

}  // namespace barracuda::store
