// The one table of settings. Loading, check-config and its reference all read it.
//
// Threads: any; the table is constant.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/config.h"

namespace barracuda::config {

// The TOML type of a setting, which is text elsewhere. Sizes may be a number or a text.
enum class Kind { kText, kNumber, kSwitch, kDuration, kSize, kList };

struct Setting {
    std::string_view path;  // "server.listen"
    Kind kind;
    bool secret;             // masked wherever it is shown, never repeated in an error
    std::string_view alias;  // a further environment name, or empty
    std::string_view fallback;
    std::string_view expects;
    std::string_view help;
    bool (*set)(Config&, std::string_view);  // false: the text is not what is expected
    std::string (*show)(const Config&);
};

std::span<const Setting> Settings();
const Setting* FindSetting(std::string_view path);  // nullptr: there is no such setting
// The end of Reference: the goals that are there without any, each line a comment.
std::string GoalsReference();
// "BARRACUDA_SERVER_LISTEN".
std::string EnvironmentName(const Setting& setting);

}  // namespace barracuda::config
