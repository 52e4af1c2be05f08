#include "site/address.h"

#include <fmt/format.h>

namespace barracuda::site {

namespace {

std::string Encoded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                           (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
        out += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
    }
    return out;
}

}  // namespace

std::string AddressOf(std::string_view path, const http::Pairs& pairs, std::string_view language) {
    std::string address(path);
    char before = '?';
    const auto add = [&](std::string_view name, std::string_view value) {
        address += before;
        address += Encoded(name) + "=" + Encoded(value);
        before = '&';
    };
    for (const auto& [name, value] : pairs) add(name, value);
    add("lang", language);
    return address;
}

std::string Versioned(std::string_view path, std::string_view tag) {
    return fmt::format("{}?v={}", path, tag);
}

}  // namespace barracuda::site
