#include "http/request.h"

#include <algorithm>

#include "base/unseen.h"

namespace barracuda::http {

namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

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

bool ParseQuery(std::string_view text, Pairs& out, size_t pairs_max) {
    constexpr size_t kPairsUsual = 8;
    bool valid = true;
    out.reserve(std::min(pairs_max, kPairsUsual));
    while (!text.empty() && out.size() < pairs_max) {
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
