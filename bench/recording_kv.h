// The changes that a ledger makes, kept as they are applied, so that a bare writer can put exactly
// the same bytes; and what either took.
//
// Threads: one.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "store/kv.h"
#include "store/memory/memory_kv.h"

namespace barracuda::bench {

using Batches = std::vector<std::vector<store::KvChange>>;

// Keeps every batch that is applied; reads go to memory.
class RecordingKv final : public store::MemoryKv {
public:
    explicit RecordingKv(Batches& batches)
        : MemoryKv(std::make_shared<Data>()), batches_(batches) {}
    Result<bool> Apply(std::span<const store::KvChange> changes) override {
        batches_.emplace_back(changes.begin(), changes.end());
        return MemoryKv::Apply(changes);
    }

private:
    Batches& batches_;
};

struct Measured {
    double seconds = 0;
    double cpu_us_each = 0;
    size_t batches = 0;
    double bytes_each = 0;  // given to the disk
};

inline double CpuSeconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

// What this process has given to the disk so far; 0 where the kernel does not count it.
inline double BytesWritten() {
    std::ifstream io("/proc/self/io");
    for (std::string name, value; io >> name >> value;) {
        if (name == "write_bytes:") return std::stod(value);
    }
    return 0;
}

template <typename Work>
Measured Measure(size_t commands, Work work) {
    const double cpu = CpuSeconds(), bytes = BytesWritten(), each = static_cast<double>(commands);
    auto start = std::chrono::steady_clock::now();
    size_t batches = work();
    std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    return {
        took.count(), (CpuSeconds() - cpu) * 1e6 / each, batches, (BytesWritten() - bytes) / each};
}

template <typename Value>
Value Must(Result<Value> result) {
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(*result);
}

}  // namespace barracuda::bench
