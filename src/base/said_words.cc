#include "base/said_words.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>

#include "base/check.h"
#include "base/text.h"

namespace barracuda {

namespace {

constexpr size_t kLeast = 4;         // bytes of words that are found inside of others
constexpr size_t kLeastAlone = 2;    // bytes of a person's words that count where they stand alone
constexpr size_t kLeastEncoded = 6;  // bytes of words that are looked for in hex and base64
constexpr size_t kDecodings = 3;

// The number in the first `digits` characters of `text`, read as hex; -1 where they are not hex.
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

// An HTML character reference at the front of `text`: &#38; &#x26; &amp;. Sets how long it is;
// empty: none.
std::string ReferenceAt(std::string_view text, size_t& length) {
    constexpr size_t kLongest = 10;
    const size_t end = text.substr(0, kLongest).find(';');
    if (end == std::string_view::npos || end < 2) return {};
    const std::string name = Lower(text.substr(1, end - 1));
    length = end + 1;
    if (name[0] == '#') {
        const bool hex = name.size() > 1 && name[1] == 'x';
        const char* from = name.data() + (hex ? 2 : 1);
        uint32_t code = 0;
        auto [last, error] = std::from_chars(from, name.data() + name.size(), code, hex ? 16 : 10);
        const bool whole = error == std::errc() && last == name.data() + name.size();
        return whole && code > 0 && code < 0x110000 ? Utf8Of(code) : std::string();
    }
    constexpr std::pair<std::string_view, const char*> kNamed[] = {
        {"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}, {"nbsp", " "}};
    for (const auto& [known, means] : kNamed) {
        if (name == known) return means;
    }
    return {};
}

// One character, or byte, as `text` begins with it.
std::string First(std::string_view text, size_t& length) {
    const char c = text[0];
    if (c == '%') {
        const int32_t byte = HexAt(text.substr(1), 2);
        length = byte < 0 ? 1 : 3;
        return std::string(1, byte < 0 ? '%' : static_cast<char>(byte));
    }
    if (c == '&') {
        if (auto means = ReferenceAt(text, length); !means.empty()) return means;
    }
    length = 1;
    if (c != '\\' || text.size() < 2) return std::string(1, c);
    if (auto unicode = UnicodeAt(text, length); !unicode.empty()) return unicode;
    length = 2;
    return std::string(1, text[1]);
}

// Case does not count, and a plus sign is a space in a query: in every text here, so that nobody
// has to know which it is.
std::string Even(std::string_view text) {
    std::string even = Lower(text);
    std::replace(even.begin(), even.end(), '+', ' ');
    return even;
}

std::string DecodedOnce(std::string_view text) {
    std::string says;
    size_t length = 0;
    for (size_t at = 0; at < text.size(); at += length) says += First(text.substr(at), length);
    return says;
}

// The base64 digits that encoding `bytes` always yields, `before` bytes (mod 3) standing before
// them.
std::string Base64Core(std::string_view bytes, size_t before, std::string_view last_two) {
    std::string alphabet;
    for (char c = 'A'; c <= 'Z'; ++c) alphabet += c;
    for (char c = 'a'; c <= 'z'; ++c) alphabet += c;
    alphabet.append("0123456789").append(last_two);
    const std::string all = std::string(before, '\0').append(bytes);
    std::string core;
    BARRACUDA_CHECK(alphabet.size() == 64 && before < 3);
    const size_t first = (before * 8 + 5) / 6, end = all.size() * 8 / 6;
    for (size_t i = first; i < end; ++i) {
        unsigned value = 0;
        for (size_t bit = i * 6; bit < i * 6 + 6; ++bit) {
            value = value << 1 | (static_cast<unsigned char>(all[bit / 8]) >> (7 - bit % 8) & 1U);
        }
        core += alphabet[value];
    }
    return core;
}

// The ways in which `words` may stand in a reading.
std::vector<std::string> MakeForms(std::string_view words) {
    std::vector<std::string> forms;
    auto add = [&](std::string form) {
        if (form.empty()) return;
        if (std::find(forms.begin(), forms.end(), form) == forms.end()) forms.push_back(form);
    };
    const std::string decoded = DecodedOnce(words), spaced = Even(decoded);
    add(Even(words));
    add(spaced);
    for (const std::string& plain : {std::string(words), decoded, Lower(decoded), spaced}) {
        if (plain.size() < kLeastEncoded) continue;
        add(HexOf(plain));
        for (size_t before = 0; before < 3; ++before) {
            for (const char* last_two : {"+/", "-_"})
                add(Even(Base64Core(plain, before, last_two)));
        }
    }
    return forms;
}

// Secrets are looked for in every answer of a network: what they look like is worked out once.
const std::vector<std::string>& FormsOf(std::string_view words) {
    constexpr size_t kKnownMax = 32;
    thread_local std::map<std::string, std::vector<std::string>, std::less<>> known;
    auto at = known.find(words);
    if (at != known.end()) return at->second;
    if (known.size() >= kKnownMax) known.clear();
    return known.emplace(words, MakeForms(words)).first->second;
}

// Part of a word: ASCII letters and digits, and everything beyond ASCII.
bool InWord(const std::string& text, size_t at) {
    if (at >= text.size()) return false;
    const auto c = static_cast<unsigned char>(text[at]);
    return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

bool StandsAlone(const std::string& text, size_t at, size_t size) {
    return !(at > 0 && InWord(text, at - 1)) && !InWord(text, at + size);
}

}  // namespace

SaidText::SaidText(std::string_view text) {
    Reading as_written{Even(text), {}};
    as_written.at.reserve(text.size() + 1);
    for (size_t i = 0; i <= text.size(); ++i) as_written.at.push_back(i);
    readings_.push_back(std::move(as_written));
    for (size_t i = 0; i < kDecodings; ++i) {
        const Reading& last = readings_.back();
        // The first decoding is of the text itself: in lower case \U and \u would be one.
        const std::string_view from = i == 0 ? text : std::string_view(last.says);
        if (from.find_first_of("%\\&") == std::string_view::npos) return;
        Reading next;
        size_t length = 0;
        for (size_t at = 0; at < from.size(); at += length) {
            const std::string said = First(from.substr(at), length);
            next.says += said;
            next.at.insert(next.at.end(), said.size(), last.at[at]);
        }
        next.at.push_back(text.size());
        BARRACUDA_CHECK(next.at.size() == next.says.size() + 1);
        next.says = Even(next.says);
        if (next.says == last.says) return;
        readings_.push_back(std::move(next));
    }
}

std::vector<SaidText::Span> SaidText::Find(std::string_view words, bool first_only) const {
    std::vector<Span> spans;
    for (const auto& form : FormsOf(words)) {
        for (const auto& reading : readings_) {
            const auto& says = reading.says;
            for (size_t at = says.find(form); at != std::string::npos;) {
                const size_t end = at + form.size();
                if (form.size() >= kLeast || StandsAlone(says, at, form.size())) {
                    spans.emplace_back(reading.at[at], reading.at[end]);
                    if (first_only) return spans;
                }
                at = says.find(form, end);
            }
        }
    }
    return spans;
}

std::string Masked(
    std::string_view text, std::vector<SaidText::Span> spans, std::string_view mask
) {
    std::sort(spans.begin(), spans.end());
    std::string out;
    size_t kept = 0;  // of `text`
    for (size_t i = 0; i < spans.size();) {
        auto [from, to] = spans[i];
        BARRACUDA_CHECK(kept <= from && from <= to && to <= text.size());
        while (++i < spans.size() && spans[i].first < to) to = std::max(to, spans[i].second);
        out.append(text.substr(kept, from - kept)).append(mask);
        kept = to;
    }
    return out.append(text.substr(kept));
}

bool SaidText::Says(std::string_view words) const {
    return words.size() >= kLeastAlone && !Find(words, true).empty();
}

bool Says(std::string_view text, std::string_view words) { return SaidText(text).Says(words); }

std::string WithoutWords(
    std::string_view text, const std::vector<std::string>& words, std::string_view mask
) {
    if (text.empty() || words.empty()) return std::string(text);
    const SaidText said(text);
    std::vector<SaidText::Span> spans;
    for (const auto& one : words) {
        if (one.size() < kLeastAlone) continue;
        for (const auto& span : said.Find(one)) spans.push_back(span);
    }
    return Masked(text, std::move(spans), mask);
}

}  // namespace barracuda
