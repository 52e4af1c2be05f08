// ObjectId: the 12-byte `_id` of every document, made by us and kept over all retries of a command.
//
// A plain value: any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace barracuda {

struct ObjectId {
    std::array<uint8_t, 12> bytes{};
    friend auto operator<=>(const ObjectId&, const ObjectId&) = default;

    // Time, five random bytes of this process, counter: unique over threads and processes.
    // Thread-safe.
    static ObjectId New();
    // 24 hex digits of either case; nullopt for other text.
    static std::optional<ObjectId> Parse(std::string_view hex);
    std::string Hex() const;  // lower case
    std::string_view View() const { return {reinterpret_cast<const char*>(bytes.data()), 12}; }
};

}  // namespace barracuda
