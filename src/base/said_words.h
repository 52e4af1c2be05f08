// Whether a text repeats somebody's words, a person's or a secret's, whichever way it writes them:
// plain, with %-escapes or '+' as in a URL, with JSON's or HTML's escapes, escaped twice, in hex,
// in base64 (also as a part of what was encoded), in either case. Pure.
//
//     WithoutWords(R"({"url":"/goal?name=Ann%20Bee"})", {"Ann Bee"}, "***");  // …name=***"}
//
// Words of two or three bytes count where they stand alone ("Al" in "al: 5", not in "value"); one
// byte stands in any text and is left alone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace barracuda {

bool Says(std::string_view text, std::string_view words);

// `words` may be escaped too, as they stand in the URL that was called.
std::string WithoutWords(
    std::string_view text, const std::vector<std::string>& words, std::string_view mask
);

// A text as it is read once for many questions.
class SaidText {
public:
    using Span = std::pair<std::size_t, std::size_t>;  // [from, to) of the text as it is written

    explicit SaidText(std::string_view text);

    bool Says(std::string_view words) const;
    // Where the words stand, one byte too; `first_only`: one of these places.
    std::vector<Span> Find(std::string_view words, bool first_only = false) const;

private:
    // The text after so many decodings, and where each byte of that stands in it as written (one
    // more: the end).
    struct Reading {
        std::string says;
        std::vector<std::size_t> at;
    };

    std::vector<Reading> readings_;
};

// `text` with `mask` in place of every span; they may overlap and come in any order.
std::string Masked(std::string_view text, std::vector<SaidText::Span> spans, std::string_view mask);

}  // namespace barracuda
