// AnswerCounts: how many requests each route answered, by the class of the status (2xx, 4xx, …).
//
// Threads: any; no lock. A row is a line of the router's table, the last one stands for paths and
// methods that are not in it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace barracuda::api {

class AnswerCounts {
public:
    static constexpr size_t kRowsMax = 96;
    static constexpr size_t kClasses = 5;  // 1xx to 5xx

    void Add(size_t row, int status) {
        const int wanted = status / 100;
        const size_t of = wanted < 1 || wanted > 5 ? kClasses - 1 : static_cast<size_t>(wanted - 1);
        counts_[row][of].fetch_add(1, std::memory_order_relaxed);
    }
    uint64_t Of(size_t row, size_t status_class) const {
        return counts_[row][status_class].load(std::memory_order_relaxed);
    }

private:
    std::array<std::array<std::atomic<uint64_t>, kClasses>, kRowsMax> counts_{};
};

}  // namespace barracuda::api
