// What a set of keys comes to, whatever their order: of each index their number and the sum of a
// 128-bit hash (SipHash, under a key drawn for each run). Two sets that come to the same are the
// same, but for a chance of about 2^-120; so a whole index is judged without a look-up of its
// entries. Against damage, not against who can write the store's files.
//
// Plain values: whoever holds one.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "store/kv.h"

namespace barracuda::store {

// A space's index, by the first byte of its keys; the work queue is one.
using KeySet = std::pair<Space, char>;

class KeySums {
public:
    using Secret = std::array<unsigned char, 16>;
    static Secret Draw();

    explicit KeySums(const Secret& secret) : secret_(secret) {}

    static KeySet SetOf(Space space, std::string_view key) {
        return {space, space == Space::kWork || key.empty() ? '\0' : key[0]};
    }
    // An entry whose value should be empty and is not equals none.
    void Add(Space space, std::string_view key, bool empty = true);
    void Add(const KeySums& other);
    // Where they differ.
    std::set<KeySet> Unlike(const KeySums& other) const;

private:
    struct Sum {
        uint64_t count = 0, low = 0, high = 0, odd = 0;
        bool operator==(const Sum&) const = default;
    };

    Secret secret_;
    std::map<KeySet, Sum> sums_;
};

}  // namespace barracuda::store
