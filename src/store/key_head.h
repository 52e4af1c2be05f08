// KeyHead: the first bytes of a key as a number that compares as they do, so that a sort compares
// numbers beside each other and seldom looks at the keys themselves.
//
//     if (a.head != b.head) return a.head < b.head;
//     return a.key < b.key;                            // they begin alike
//
// Pure, any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace barracuda::store {

struct KeyHead {
    uint64_t first = 0, second = 0;
    friend auto operator<=>(const KeyHead&, const KeyHead&) = default;

    static KeyHead Of(std::string_view key) {
        uint64_t words[2] = {};
        std::memcpy(words, key.data(), std::min(key.size(), sizeof words));
        return {__builtin_bswap64(words[0]), __builtin_bswap64(words[1])};
    }
};

}  // namespace barracuda::store
