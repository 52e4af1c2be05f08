// Ids that others give: opaque text, and part of a conversion's key. A request, a network's answer,
// a setting and an adopted database are held against the same rules.
//
//     const auto id = JudgeId(given);
//     if (!id.problem.empty()) return Refuse(id.problem);
//     Use(id.text);  // empty: nothing was given
//
// Pure, any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace barracuda::domain {

inline constexpr std::size_t kIdBytesMax = 1024;

struct GivenId {
    std::string_view text;     // without white space and unseen characters at both ends
    std::string_view problem;  // to be said after the id's name ("is longer than …"); empty: none
    // The problem is that nobody put a value there: the text is a macro ({x} {{x}} ${x} #x# ##x##
    // [x] %x% <x> $x __X__, also percent-encoded once more) or what programs write for no value
    // (undefined, null, none, nil, nan, [object Object]). As an id it would merge every sale of a
    // network into one.
    bool stand_in = false;
};

// Any bytes. An id of plain ASCII costs one pass.
GivenId JudgeId(std::string_view given);

// Why text that is no id is a macro or a placeholder, as JudgeId's `stand_in`; empty: it is
// neither.
std::string_view StandInProblem(std::string_view text);

}  // namespace barracuda::domain
