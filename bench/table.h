// A table of questions, each with its median of nine and what is wanted.
//
// Threads: one.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace barracuda::bench {

class Table {
public:
    explicit Table(double most_ms) : most_ms_(most_ms) {}

    // `ask` does it once and says what came of it; without `wanted` it may take its time.
    void Measure(const std::string& name, bool wanted, const std::function<std::string()>& ask) {
        std::vector<double> took;
        std::string said;
        for (int i = 0; i < 9; ++i) {
            const auto begin = std::chrono::steady_clock::now();
            said = ask();
            const std::chrono::duration<double, std::milli> ms =
                std::chrono::steady_clock::now() - begin;
            took.push_back(ms.count());
        }
        std::sort(took.begin(), took.end());
        const double median = took[took.size() / 2];
        const bool late = wanted && median > most_ms_;
        missed_ += late;
        const std::string most = wanted ? fmt::format("{:.0f} ms", most_ms_) : "none";
        fmt::print(
            "{:<34} {:>9.2f} ms   wanted {:>6}{}   {}\n",
            name,
            median,
            most,
            late ? " MISSED" : "",
            said
        );
    }
    int missed() const { return missed_; }

private:
    const double most_ms_;
    int missed_ = 0;
};

}  // namespace barracuda::bench
