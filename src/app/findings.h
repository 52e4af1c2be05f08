// Findings of the doctor (doctor.h): what was looked at, how it is, and what to do about it.
//
// Threads: one at a time.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/finding.h"

namespace barracuda::app {

using api::Finding;
using api::Health;

class Findings {
public:
    void Ok(std::string about, std::string text) {
        all_.push_back({Health::kOk, std::move(about), std::move(text)});
    }
    void Warn(std::string about, std::string text, std::string todo) {
        all_.push_back({Health::kWarn, std::move(about), std::move(text), std::move(todo)});
    }
    void Fail(std::string about, std::string text, std::string todo) {
        all_.push_back({Health::kFail, std::move(about), std::move(text), std::move(todo)});
    }
    // Findings of a running server, behind those that are here.
    void Add(std::vector<Finding> others) {
        for (auto& one : others) all_.push_back(std::move(one));
    }
    const std::vector<Finding>& all() const { return all_; }

    // One line each: "warn  data: others may read ./data; do: chmod 700 ./data".
    std::string Text() const;
    // The worst: 0 all is well, 1 a warning, 2 a failure.
    int Exit() const;

private:
    std::vector<Finding> all_;
};

}  // namespace barracuda::app
