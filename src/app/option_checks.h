// What options of the command line have in common: how they are added, and what their values may
// be.
//
// Threads: any; nothing is kept.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>

namespace barracuda::app {

// --data "$DATA" with nothing in DATA is a slip, and the default another place; without --affiliate
// a key is bound to nobody.
inline std::string NotEmpty(const std::string& value) {
    return value.empty() ? "a value is needed, this one is empty" : "";
}

// The library reads -1, and what is too large, into an unsigned number as the largest one there is.
inline std::string DigitsAlone(const std::string& value) {
    constexpr size_t kDigitsMax = 18;
    const bool digits = !value.empty() && value.find_first_not_of("0123456789") == value.npos;
    if (digits && value.size() <= kDigitsMax) return "";
    return fmt::format("a whole number of at most {} digits is needed, not {}", kDigitsMax, value);
}

inline void AddValue(
    CLI::App* to, const char* option, std::string& into, const char* about, const char* what
) {
    to->add_option(option, into, about)->type_name(what)->check(NotEmpty);
}

template <typename Into>  // a text, or a list of them
void AddRequired(CLI::App* to, const char* option, Into& into, const char* about) {
    to->add_option(option, into, about)->required()->check(NotEmpty);
}

}  // namespace barracuda::app
