// Characters that nobody sees: white space and what is drawn as nothing. They come along with
// pasted settings and URLs, and an id with one at its end would be another id to a computer alone.
//
// Any thread; no allocation. Text need not be valid UTF-8: a byte that is none is no such
// character.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace barracuda {

// One character of UTF-8 at the front of a text; `size` counts its bytes, 0 where the text is empty
// or begins with no valid character. NUL is a character.
struct Utf8Character {
    char32_t code = 0;
    std::size_t size = 0;
};
Utf8Character FirstUtf8(std::string_view text);

// Unicode's White_Space or Default_Ignorable_Code_Point, the byte order mark U+FEFF among them.
bool IsUnseen(char32_t code);

// The unseen characters as a character class of a regular expression, for PCRE in its UTF mode.
std::string UnseenClass();

// `text` without unseen characters at both ends.
std::string_view TrimUnseen(std::string_view text);

// `text` without a byte order mark of UTF-8 at its front, which some senders and editors write.
std::string_view SkipByteOrderMark(std::string_view text);

// %XX decoded once onto `out`; an invalid escape is kept as it stands and makes the result false.
bool PercentDecode(std::string_view text, bool plus_is_space, std::string& out);

}  // namespace barracuda
