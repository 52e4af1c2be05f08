// The loss that an operator has accepted (`--accept-loss`): a record in the store itself, so that
// nobody takes a smaller store for a whole one later.
//
// A plain value: any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace barracuda::store {

struct AcceptedLoss {
    uint64_t times = 0;   // how often
    uint64_t writes = 0;  // all of them; one write is one key, a conversion takes about seven
    Time last = {};       // when the last one was accepted

    bool operator==(const AcceptedLoss&) const = default;

    std::string Text() const;   // "accepted as lost: 2093 writes, last at 2026-…" for people
    std::string Bytes() const;  // docs/formats/rocksdb.md
    static std::optional<AcceptedLoss> Parse(std::string_view bytes);
};

}  // namespace barracuda::store
