#include "base/cidr.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "base/check.h"

namespace barracuda {

namespace {

constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int kMappedBits = 96;
static_assert(kMapped.size() * 8 == kMappedBits);

}  // namespace

Address Address::OfV4(const uint8_t* four_bytes) {
    Address address;
    std::copy(kMapped.begin(), kMapped.end(), address.bytes.begin());
    std::copy_n(four_bytes, 4, address.bytes.begin() + kMapped.size());
    return address;
}

Address Address::OfV6(const uint8_t* sixteen_bytes) {
    Address address;
    std::copy_n(sixteen_bytes, address.bytes.size(), address.bytes.begin());
    return address;
}

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
    uint8_t bytes[16];
    if (inet_pton(AF_INET6, terminated.c_str(), bytes) == 1) return Address::OfV6(bytes);
    if (inet_pton(AF_INET, terminated.c_str(), bytes) == 1) return Address::OfV4(bytes);
    return std::nullopt;
}

Result<Cidr> Cidr::Parse(std::string_view text) {
    const auto slash = text.find('/');
    const auto base = ParseAddress(text.substr(0, slash));
    if (!base) {
        return Fail(
            ErrorCode::kInvalid, "not an IP network, such as 10.0.0.0/8", std::string(text)
        );
    }
    if (slash == text.npos) return Cidr{*base, 128};
    // Written with dots the prefix counts IPv4's 32 bits; "::ffff:10.0.0.0/104" counts all 128.
    const bool dotted = text.substr(0, slash).find(':') == text.npos;
    const int bits_max = dotted ? 128 - kMappedBits : 128;
    const auto digits = text.substr(slash + 1);
    int bits = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc() || end != digits.data() + digits.size() || bits < 0 ||
        bits > bits_max) {
        return Fail(ErrorCode::kInvalid, "the prefix length is wrong", std::string(text));
    }
    // Below /96 it would mean all of IPv4 and more: surely not what was meant.
    if (!dotted && base->IsV4() && bits < kMappedBits) {
        return Fail(ErrorCode::kInvalid, "write it as IPv4", std::string(text));
    }
    return Cidr{*base, dotted ? bits + kMappedBits : bits};
}

bool Cidr::Contains(const Address& address) const {
    if (address.IsV4() != base.IsV4()) return false;
    BARRACUDA_CHECK(prefix >= 0 && prefix <= 128);
    const int whole = prefix / 8;
    if (!std::equal(base.bytes.begin(), base.bytes.begin() + whole, address.bytes.begin())) {
        return false;
    }
    const int rest = prefix % 8;
    if (rest == 0) return true;
    const auto mask = static_cast<uint8_t>(0xff << (8 - rest));
    const auto at = static_cast<size_t>(whole);
    BARRACUDA_CHECK(at < base.bytes.size());
    return ((base.bytes[at] ^ address.bytes[at]) & mask) == 0;
}

Result<std::vector<Cidr>> ParseRanges(std::span<const std::string> texts) {
    std::vector<Cidr> ranges;
    for (const auto& text : texts) {
        auto range = Cidr::Parse(text);
        if (!range) return Fail(range.error());
        ranges.push_back(*range);
    }
    return ranges;
}

}  // namespace barracuda
