// Ids that others give: opaque text, kept as it is, and part of a conversion's key. What a request
// names and what a network answers are held against the same rules.
#pragma once

#include <cstddef>
#include <string_view>

namespace barracuda::domain {

inline constexpr std::size_t kIdBytesMax = 256;

// Whether `text` as a whole is a network's macro that nobody replaced: {x} {{x}} ${x} #x# ##x## [x]
// %x% <x> $x. As an id it would merge every sale of a network into one.
bool IsMacro(std::string_view text);

// What keeps `text` from being an id, to be said after its name ("is longer than 256 bytes"); empty
// when nothing does.
std::string_view ProblemOfId(std::string_view text);

}  // namespace barracuda::domain
