// Html: a page being written. Text that comes from anywhere else than this program's own markup is
// made harmless here and nowhere else: markup can only be a literal, so nothing that a visitor or
// an operator wrote is ever taken for it.
//
//     Html page;
//     page.Put("<p>").Text(name).Put("</p><input").Attribute("value", typed).Put(">");
//
// Threads: one at a time.
#pragma once

#include <string>
#include <string_view>

namespace barracuda::site {

// Markup of ours, known when the program is compiled.
class Markup {
public:
    consteval Markup(const char* literal) : text_(literal) {}
    constexpr std::string_view text() const { return text_; }

private:
    std::string_view text_;
};

class Html {
public:
    Html& Put(Markup markup);
    // Escaped: what it says is shown. Bytes that are no UTF-8 and control characters, which no page
    // may hold, become U+FFFD and spaces.
    Html& Text(std::string_view text);
    // ` name="value"`, the value escaped alike.
    Html& Attribute(Markup name, std::string_view value);

    std::string Take() { return std::move(page_); }

private:
    std::string page_;
};

}  // namespace barracuda::site
