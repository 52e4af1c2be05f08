// Numbers and texts written through a pointer, into room that their caller has made: a number in
// groups of seven bits, the lowest first; a text behind its length. RocksDB's log has both so
// (rocks/batch_bytes.h), and so have the rows of cells (cells.h).
//
// Each returns the place behind what it wrote: at most five bytes for a number. Pure, any thread.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/check.h"

namespace barracuda::store {

inline char* PutNumber(char* at, uint32_t number) {
    for (; number >= 0x80; number >>= 7) *at++ = static_cast<char>(0x80 | (number & 0x7f));
    *at++ = static_cast<char>(number);
    return at;
}

inline char* PutSized(char* at, std::string_view bytes) {
    BARRACUDA_CHECK(bytes.size() <= UINT32_MAX);
    at = PutNumber(at, static_cast<uint32_t>(bytes.size()));
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    return at + bytes.size();
}

}  // namespace barracuda::store
