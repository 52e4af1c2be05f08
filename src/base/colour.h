// A colour of the screen, and how well one can be read on another (WCAG 2.2).
//
// A plain value; pure functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace barracuda {

struct Colour {
    uint8_t red = 0, green = 0, blue = 0;

    // "#rrggbb" in either case; nullopt: it is none.
    static std::optional<Colour> Parse(std::string_view text);
};

// From 1, the same, to 21, black on white. Text wants 4.5.
double ContrastOf(const Colour& a, const Colour& b);

}  // namespace barracuda
