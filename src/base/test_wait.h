// For tests: what another thread does comes within a while, and a slow machine has the whole of it.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace barracuda {

// Whether `wanted` holds within this time; returns as soon as it does.
inline bool Comes(
    const std::function<bool()>& wanted, std::chrono::milliseconds within = std::chrono::seconds(30)
) {
    const auto until = std::chrono::steady_clock::now() + within;
    while (std::chrono::steady_clock::now() < until) {
        if (wanted()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return wanted();
}

}  // namespace barracuda
