#include "base/text.h"

#include <sodium.h>

#include <algorithm>

#include "base/check.h"
#include "base/unseen.h"

namespace barracuda {

bool IsUtf8(std::string_view text, Nul nul) {
    for (size_t at = 0; at < text.size();) {
        const auto byte = static_cast<unsigned char>(text[at]);
        const bool plain = byte < 0x80 && (byte != 0 || nul == Nul::kTaken);
        const size_t size = plain ? 1 : byte == 0 ? 0 : FirstUtf8(text.substr(at)).size;
        if (size == 0) return false;
        at += size;
    }
    return true;
}

std::string CleanUtf8(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        const size_t size = FirstUtf8(text).size;
        clean += size == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(0, size);
        text.remove_prefix(std::max<size_t>(size, 1));
    }
    return clean;
}

namespace {

bool IsControlByte(unsigned char c) { return c < 0x20 || c == 0x7f; }

// The bytes of the control character that `text` begins with; 0: it begins with none.
size_t ControlBytes(std::string_view text) {
    if (!text.empty() && IsControlByte(static_cast<unsigned char>(text[0]))) return 1;
    const bool c1 = text.size() > 1 && text[0] == '\xC2' &&
                    static_cast<unsigned char>(text[1]) >= 0x80 &&
                    static_cast<unsigned char>(text[1]) < 0xA0;
    return c1 ? 2 : 0;
}

}  // namespace

bool HasControlByte(std::string_view bytes) {
    return std::any_of(bytes.begin(), bytes.end(), IsControlByte);
}

bool HasControl(std::string_view text) {
    for (; !text.empty(); text.remove_prefix(1)) {
        if (ControlBytes(text) > 0) return true;
    }
    return false;
}

std::string OneLine(std::string_view text) {
    std::string line;
    line.reserve(text.size());
    while (!text.empty()) {
        const size_t control = ControlBytes(text);
        line += control > 0 ? ' ' : text[0];
        text.remove_prefix(std::max<size_t>(control, 1));
    }
    return line;
}

std::string Lower(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
}

std::string_view Trim(std::string_view text) {
    auto space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
    while (!text.empty() && space(text.front())) text.remove_prefix(1);
    while (!text.empty() && space(text.back())) text.remove_suffix(1);
    return text;
}

static_assert(crypto_generichash_BYTES_MIN == 16 && crypto_generichash_BYTES_MAX == 64);

std::string HexOf(std::string_view bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string hex(bytes.size() * 2, '\0');
    char* at = hex.data();
    for (unsigned char c : bytes) {
        *at++ = kDigits[c >> 4];
        *at++ = kDigits[c & 15];
    }
    return hex;
}

std::optional<std::string> BytesOfHex(std::string_view hex) {
    if (hex.size() % 2 != 0 ||
        hex.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
        return std::nullopt;
    }
    auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    std::string bytes;
    bytes.reserve(hex.size() / 2);
    for (size_t i = 0; i < hex.size(); i += 2) {
        bytes.push_back(static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1])));
    }
    return bytes;
}

std::string HashHex(std::string_view text, size_t size) {
    BARRACUDA_CHECK(size >= crypto_generichash_BYTES_MIN && size <= crypto_generichash_BYTES_MAX);
    std::string hash(size, '\0');
    auto* in = reinterpret_cast<const unsigned char*>(text.data());
    auto* out = reinterpret_cast<unsigned char*>(hash.data());
    crypto_generichash(out, size, in, text.size(), nullptr, 0);
    return HexOf(hash);
}

std::string_view CutUtf8(std::string_view text, size_t size) {
    if (text.size() <= size) return text;
    BARRACUDA_CHECK(size < text.size());
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
    return text.substr(0, size);
}

}  // namespace barracuda
