#include "base/object_id.h"

#include <sodium.h>

#include <atomic>
#include <cstring>
#include <ctime>

#include "base/text.h"

namespace barracuda {

ObjectId ObjectId::New() {
    struct Process {
        std::array<uint8_t, 5> random;
        std::atomic<uint32_t> counter;
        Process() {
            randombytes_buf(random.data(), random.size());
            counter = randombytes_random();
        }
    };
    static Process process;
    ObjectId id;
    auto seconds = static_cast<uint32_t>(std::time(nullptr));
    for (int i = 0; i < 4; ++i) id.bytes[i] = static_cast<uint8_t>(seconds >> (24 - 8 * i));
    std::memcpy(id.bytes.data() + 4, process.random.data(), 5);
    uint32_t count = process.counter.fetch_add(1, std::memory_order_relaxed);
    for (int i = 0; i < 3; ++i) id.bytes[9 + i] = static_cast<uint8_t>(count >> (16 - 8 * i));
    return id;
}

std::optional<ObjectId> ObjectId::Parse(std::string_view hex) {
    if (hex.size() != 24) return std::nullopt;
    ObjectId id;
    for (size_t i = 0; i < 24; ++i) {
        char c = hex[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return std::nullopt;
        id.bytes[i / 2] = static_cast<uint8_t>(id.bytes[i / 2] << 4 | digit);
    }
    return id;
}

std::string ObjectId::Hex() const { return HexOf(View()); }

}  // namespace barracuda
