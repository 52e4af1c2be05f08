#include "config/cidr.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace barracuda::config {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

bool Address::IsV4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes.begin()); }

std::string Address::Text() const {
    char text[INET6_ADDRSTRLEN] = {};
    if (IsV4()) {
        inet_ntop(AF_INET, bytes.data() + kMapped.size(), text, sizeof text);
    } else {
        inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
    }
    return text;
}

std::optional<Address> ParseAddress(std::string_view text) {
    // inet_pton stops at a NUL, so "10.0.0.1\0x" would pass as an address.
    if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != text.npos) return std::nullopt;
    const std::string terminated(text);
    Address address;
    if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
    std::copy(kMapped.begin(), kMapped.end(), address.bytes.begin());
    if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data() + kMapped.size()) == 1) {
        return address;
    }
    return std::nullopt;
}

bool Cidr::Contains(const Address& address) const {
    const int whole = prefix / 8;
    if (!std::equal(base.bytes.begin(), base.bytes.begin() + whole, address.bytes.begin())) {
        return false;
    }
    const int rest = prefix % 8;
    if (rest == 0) return true;
    const auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
    return ((base.bytes[whole] ^ address.bytes[whole]) & mask) == 0;
}

std::optional<Cidr> ParseCidr(std::string_view text) {
    const auto slash = text.find('/');
    const auto base = ParseAddress(text.substr(0, slash));
    if (!base) return std::nullopt;
    if (slash == text.npos) return Cidr{*base, 128};
    const auto digits = text.substr(slash + 1);
    int prefix = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (error != std::errc{} || end != digits.data() + digits.size() || prefix < 0) {
        return std::nullopt;
    }
    // Written with dots the prefix counts IPv4's 32 bits; "::ffff:10.0.0.0/104" counts all 128.
    const int offset = text.substr(0, slash).find(':') == text.npos ? 96 : 0;
    if (prefix > 128 - offset) return std::nullopt;
    return Cidr{*base, prefix + offset};
}

}  // namespace barracuda::config
