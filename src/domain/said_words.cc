#include "domain/said_words.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "base/text.h"

namespace barracuda::domain {

namespace {

constexpr size_t kLeast = 4;  // bytes

// What a text says, and where each byte of it stands written (one more: the end).
struct Reading {
    std::string says;
    std::vector<size_t> at;
};

// The number that `digits` hex digits at the front of `text` are; -1 where they are none.
int32_t HexAt(std::string_view text, size_t digits) {
    if (text.size() < digits) return -1;
    uint32_t value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + digits, value, 16);
    return error == std::errc() && end == text.data() + digits ? static_cast<int32_t>(value) : -1;
}

std::string Utf8Of(uint32_t code) {
    auto tail = [&](int shift) { return static_cast<char>(0x80 | (code >> shift & 0x3f)); };
    if (code < 0x80) return {static_cast<char>(code)};
    if (code < 0x800) return {static_cast<char>(0xc0 | code >> 6), tail(0)};
    if (code < 0x10000) return {static_cast<char>(0xe0 | code >> 12), tail(6), tail(0)};
    return {static_cast<char>(0xf0 | code >> 18), tail(12), tail(6), tail(0)};
}

// \uXXXX, or two of them where the character is beyond 16 bits. Sets how long it is; empty: none.
std::string UnicodeAt(std::string_view text, size_t& length) {
    const auto unit = [&](size_t at) {
        const bool escape = text.size() > at && text.substr(at).starts_with("\\u");
        return escape ? HexAt(text.substr(at + 2), 4) : -1;
    };
    const int32_t first = unit(0), second = first >= 0 ? unit(6) : -1;
    if (first < 0) return {};
    length = 6;
    const bool pair = first >> 10 == 0xd800 >> 10 && second >> 10 == 0xdc00 >> 10;
    if (!pair) return Utf8Of(static_cast<uint32_t>(first));
    length = 12;
    return Utf8Of(0x10000 + (static_cast<uint32_t>(first & 0x3ff) << 10 | (second & 0x3ff)));
}

// One character, or byte, as `text` begins with it.
std::string First(std::string_view text, size_t& length) {
    length = 1;
    const char c = text[0];
    if (c == '%') {
        const int32_t byte = HexAt(text.substr(1), 2);
        if (byte < 0) return "%";
        length = 3;
        return std::string(1, static_cast<char>(byte));
    }
    if (c != '\\' || text.size() < 2) return std::string(1, c);
    if (auto unicode = UnicodeAt(text, length); !unicode.empty()) return unicode;
    length = 2;
    return std::string(1, text[1]);
}

Reading Read(std::string_view text) {
    Reading reading;
    size_t length = 0;
    for (size_t at = 0; at < text.size(); at += length) {
        const std::string said = First(text.substr(at), length);
        reading.says += said;
        reading.at.insert(reading.at.end(), said.size(), at);
    }
    reading.says = Lower(reading.says);
    // A plus sign is a space in a query: in every text here, so that nobody has to know which it
    // is.
    std::replace(reading.says.begin(), reading.says.end(), '+', ' ');
    reading.at.push_back(text.size());
    return reading;
}

}  // namespace

bool Says(std::string_view text, std::string_view words) {
    const std::string wanted = Read(words).says;
    return wanted.size() >= kLeast && Read(text).says.find(wanted) != std::string::npos;
}

std::string WithoutWords(
    std::string_view text, const std::vector<std::string>& words, std::string_view mask
) {
    std::string left(text);
    for (const auto& one : words) {
        const std::string wanted = Read(one).says;
        if (wanted.size() < kLeast) continue;
        const Reading reading = Read(left);
        std::string out;
        size_t kept = 0;  // of `left`
        size_t at = 0;
        while ((at = reading.says.find(wanted, at)) != std::string::npos) {
            out.append(left, kept, reading.at[at] - kept).append(mask);
            at += wanted.size();
            kept = reading.at[at];
        }
        left = out + left.substr(kept);
    }
    return left;
}

}  // namespace barracuda::domain
