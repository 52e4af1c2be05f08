// What happens in a run, event by event: a hash that two runs of one seed share, the last events
// for whoever looks for a fault, and all of them where that is asked for.
//
// Threads: one.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <deque>
#include <string>

#include "fibers.h"

namespace barracuda::sim {

class Trace {
public:
    explicit Trace(bool tell) : tell_(tell) {}

    template <typename... Args>
    void Note(fmt::format_string<Args...> format, Args&&... args) {
        Put(fmt::format(format, std::forward<Args>(args)...));
    }
    uint64_t hash() const { return hash_; }
    const std::deque<std::string>& last() const { return last_; }
    static constexpr size_t kLastMax = 60;

private:
    void Put(const std::string& what) {
        const Micros now = Fibers::Now() ? Fibers::Now()->now() : 0;
        std::string line = fmt::format("{:>10.3f} ms  {}", static_cast<double>(now) / kMs, what);
        for (const char c : line) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
        if (tell_) std::fprintf(stderr, "%s\n", line.c_str());
        last_.push_back(std::move(line));
        if (last_.size() > kLastMax) last_.pop_front();
    }

    const bool tell_;
    uint64_t hash_ = 0xcbf29ce484222325;
    std::deque<std::string> last_;
};

}  // namespace barracuda::sim
