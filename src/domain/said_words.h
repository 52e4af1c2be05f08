// Whether a text repeats somebody's words, whichever way it writes them: plain, with %-escapes or
// '+' as in a URL, with JSON's escapes, in either case. Pure.
//
//     WithoutWords(R"({"url":"/goal?name=Ann%20Bee"})", {"Ann Bee"}, "***");  // …name=***"}
//
// Words of less than four bytes are left alone: they stand in any text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace barracuda::domain {

bool Says(std::string_view text, std::string_view words);

// `words` may be escaped too, as they stand in the URL that was called.
std::string WithoutWords(
    std::string_view text, const std::vector<std::string>& words, std::string_view mask
);

}  // namespace barracuda::domain
