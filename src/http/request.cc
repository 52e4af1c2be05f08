#include "http/request.h"

namespace barracuda::http {

namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

int HexValue(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = Lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

bool Request::Asks(std::string_view name) const {
    for (const auto& [given, value] : query) {
        if (given == name && (value == "1" || value == "true")) return true;
    }
    return false;
}

bool EqualNoCase(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i) {
        if (Lower(a[i]) != Lower(b[i])) return false;
    }
    return true;
}

std::optional<std::string_view> Request::Header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (EqualNoCase(key, name)) return value;
    }
    return std::nullopt;
}

std::vector<std::string_view> Request::HeaderValues(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const auto& [key, value] : headers) {
        if (EqualNoCase(key, name)) values.push_back(value);
    }
    return values;
}

bool PercentDecode(std::string_view text, bool plus_is_space, std::string& out) {
    bool valid = true;
    out.reserve(out.size() + text.size());
    for (size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            int high = i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
            int low = high >= 0 ? HexValue(text[i + 2]) : -1;
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

bool ParseQuery(std::string_view text, Pairs& out) {
    bool valid = true;
    while (!text.empty()) {
        size_t end = text.find('&');
        std::string_view piece = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        if (piece.empty()) continue;
        size_t equals = piece.find('=');
        auto& [name, value] = out.emplace_back();
        valid &= PercentDecode(piece.substr(0, equals), true, name);
        if (equals != std::string_view::npos) {
            valid &= PercentDecode(piece.substr(equals + 1), true, value);
        }
    }
    return valid;
}

}  // namespace barracuda::http
