#include "base/unseen.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <string>

#include "base/check.h"

namespace barracuda {

namespace {

struct Range {
    char32_t first, last;
};

// White_Space and Default_Ignorable_Code_Point of the Unicode Character Database 14.0
// (PropList.txt, DerivedCoreProperties.txt), merged and sorted; 15.0 to 16.0 have the same ones.
constexpr Range kUnseen[] = {
    {0x0009, 0x000D},   {0x0020, 0x0020},   {0x0085, 0x0085},   {0x00A0, 0x00A0}, {0x00AD, 0x00AD},
    {0x034F, 0x034F},   {0x061C, 0x061C},   {0x115F, 0x1160},   {0x1680, 0x1680}, {0x17B4, 0x17B5},
    {0x180B, 0x180F},   {0x2000, 0x200F},   {0x2028, 0x202F},   {0x205F, 0x206F}, {0x3000, 0x3000},
    {0x3164, 0x3164},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFF8},
    {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

// IsUnseen searches by halves.
constexpr bool IsSorted() {
    for (std::size_t i = 0; i < std::size(kUnseen); ++i) {
        if (kUnseen[i].first > kUnseen[i].last) return false;
        if (i > 0 && kUnseen[i - 1].last >= kUnseen[i].first) return false;
    }
    return true;
}
static_assert(IsSorted());

// The character that ends at the end of `text`.
Utf8Character LastUtf8(std::string_view text) {
    for (std::size_t size = 1; size <= 4 && size <= text.size(); ++size) {
        const std::string_view end = text.substr(text.size() - size);
        const bool continues = (static_cast<unsigned char>(end.front()) & 0xC0) == 0x80;
        if (continues) continue;
        const auto last = FirstUtf8(end);
        return last.size == size ? last : Utf8Character{};
    }
    return {};
}

int HexValue(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

// The well-formed sequences of table 3-7 of the Unicode standard.
Utf8Character FirstUtf8(std::string_view text) {
    if (text.empty()) return {};
    auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {};
    char32_t code = lead & (0xFFu >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return {};
        code = code << 6 | (byte(i) & 0x3F);
    }
    const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    if (overlong || surrogate || code > 0x10FFFF) return {};
    return {code, size};
}

bool IsUnseen(char32_t code) {
    if (code > 0x20 && code < 0x80) return false;
    auto at = std::lower_bound(
        std::begin(kUnseen),
        std::end(kUnseen),
        code,
        [](const Range& range, char32_t wanted) { return range.last < wanted; }
    );
    return at != std::end(kUnseen) && at->first <= code;
}

std::string UnseenClass() {
    std::string text = "[";
    for (const auto& range : kUnseen) {
        char part[32];
        const auto first = static_cast<unsigned>(range.first),
                   last = static_cast<unsigned>(range.last);
        std::snprintf(part, sizeof part, "\\x{%X}-\\x{%X}", first, last);
        text += part;
    }
    return text + "]";
}

std::string_view TrimUnseen(std::string_view text) {
    for (auto c = FirstUtf8(text); c.size > 0 && IsUnseen(c.code); c = FirstUtf8(text)) {
        text.remove_prefix(c.size);
    }
    for (auto c = LastUtf8(text); c.size > 0 && IsUnseen(c.code); c = LastUtf8(text)) {
        BARRACUDA_CHECK(c.size <= text.size());
        text.remove_suffix(c.size);
    }
    return text;
}

std::string_view SkipByteOrderMark(std::string_view text) {
    constexpr std::string_view kMark = "\xEF\xBB\xBF";
    if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
    return text;
}

bool PercentDecode(std::string_view text, bool plus_is_space, std::string& out) {
    bool valid = true;
    // Most names and values hold nothing to decode.
    const auto coded = std::find_if(text.begin(), text.end(), [plus_is_space](char c) {
        return c == '%' || (c == '+' && plus_is_space);
    });
    const auto plain = static_cast<std::size_t>(coded - text.begin());
    if (plain < text.size()) out.reserve(out.size() + text.size());
    out.append(text.substr(0, plain));
    for (std::size_t i = plain; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            const int high = i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
            const int low = high >= 0 ? HexValue(text[i + 2]) : -1;
            if (low >= 0) {
                c = static_cast<char>(high * 16 + low);
                i += 2;
            } else {
                valid = false;
            }
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        out.push_back(c);
    }
    return valid;
}

}  // namespace barracuda
