// Milliseconds of a clock that never goes back: for waits and limits, never for what is stored.
//
// Threads: any.
#pragma once

#include <chrono>
#include <cstdint>

namespace barracuda {

inline std::int64_t SteadyMs() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace barracuda
