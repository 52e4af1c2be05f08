// The findings of checks, a line each: the first kNamedMax of all checks over one list, the rest
// counted.
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace barracuda::store {

class FindingList {
public:
    static constexpr std::size_t kNamedMax = 1'000;

    explicit FindingList(std::vector<std::string>& to) : to_(to) {}

    void Add(std::string finding) {
        if (to_.size() >= kNamedMax) {
            ++unnamed_;
        } else {
            to_.push_back(std::move(finding));
        }
    }

    // To be called once, at the end: says how many were counted only.
    void End(std::string_view of_what = "") {
        if (unnamed_ == 0) return;
        to_.push_back("and " + std::to_string(unnamed_) + " more" + std::string(of_what));
    }

private:
    std::vector<std::string>& to_;
    std::size_t unnamed_ = 0;
};

}  // namespace barracuda::store
