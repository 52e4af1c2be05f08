// Parts of a JSON text as they were written, so that a number is passed on digit for digit: a
// parser would make 5.01E1 of 50.1 and lose what a double cannot hold.
//
// The text must have been found valid by a parser; the views look into it.
//
// Pure, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace barracuda {

// The value of a member of an object, the last of that name; empty: none. A name written with
// escapes is not found.
std::string_view RawMember(std::string_view object, std::string_view name);

// The values of an array, in order; empty where the text is no array.
std::vector<std::string_view> RawItems(std::string_view array);

// `json` without the white space between its parts.
std::string CompactJson(std::string_view json);

}  // namespace barracuda
