// A finding of the doctor: what was looked at, how it is, and what to do about it. Found by app,
// answered here. Plain values.
#pragma once

#include <string>
#include <vector>

namespace barracuda::api {

enum class Health { kOk, kWarn, kFail };

const char* NameOf(Health health);  // "ok", "warn", "fail"

struct Finding {
    Health health = Health::kOk;
    std::string about;      // "store", "network default"
    std::string text;       // how it is
    std::string todo = {};  // kWarn, kFail: what to do

    bool operator==(const Finding&) const = default;
};

}  // namespace barracuda::api
