#include "base/colour.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace barracuda {

namespace {

// sRGB to light (WCAG 2.2, relative luminance).
double LightOf(uint8_t channel) {
    const double value = channel / 255.0;
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

double LuminanceOf(const Colour& of) {
    return 0.2126 * LightOf(of.red) + 0.7152 * LightOf(of.green) + 0.0722 * LightOf(of.blue);
}

}  // namespace

std::optional<Colour> Colour::Parse(std::string_view text) {
    if (text.size() != 7 || text[0] != '#') return std::nullopt;
    const auto bytes = BytesOfHex(Lower(text.substr(1)));
    if (!bytes) return std::nullopt;
    const auto at = [&](size_t i) { return static_cast<uint8_t>((*bytes)[i]); };
    return Colour{at(0), at(1), at(2)};
}

double ContrastOf(const Colour& a, const Colour& b) {
    const double of_a = LuminanceOf(a), of_b = LuminanceOf(b);
    const double light = std::max(of_a, of_b), dark = std::min(of_a, of_b);
    return (light + 0.05) / (dark + 0.05);
}

}  // namespace barracuda
