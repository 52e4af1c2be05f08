#include "auth/client_address.h"

#include <algorithm>
#include <optional>

namespace barracuda::auth {
namespace {

// Longer chains do not occur; a header of thousands of entries is not worth the walk.
constexpr int kMaxHops = 64;

std::string_view Trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// One entry. Some proxies append the port: "1.2.3.4:5678", "[2001:db8::1]:5678", "[2001:db8::1]".
std::optional<Address> ParseHop(std::string_view text) {
    text = Trim(text);
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == text.npos) return std::nullopt;
        const auto rest = text.substr(close + 1);
        if (!rest.empty() && rest.front() != ':') return std::nullopt;
        return ParseAddress(text.substr(1, close - 1));
    }
    const auto colon = text.find(':');
    if (colon != text.npos && colon == text.rfind(':')) text = text.substr(0, colon);
    return ParseAddress(text);
}

}  // namespace

AddressGroup GroupOf(std::string_view address) {
    constexpr std::size_t kTextMax = 64, kSubscriber = 8, kNetwork = 6;  // bytes
    const auto parsed = ParseAddress(address);
    if (!parsed) return {.one = std::string(address.substr(0, kTextMax))};
    const auto* bytes = reinterpret_cast<const char*>(parsed->bytes.data());
    if (parsed->IsV4()) return {.one = std::string(bytes, parsed->bytes.size())};
    return {.one = std::string(bytes, kSubscriber), .network = std::string(bytes, kNetwork)};
}

TrustedProxies::TrustedProxies(const std::vector<std::string>& ranges) {
    for (const std::string& text : ranges) {
        if (const auto range = Cidr::Parse(text)) ranges_.push_back(*range);
    }
}

bool TrustedProxies::Trusts(const Address& address) const {
    return std::any_of(ranges_.begin(), ranges_.end(), [&](const Cidr& range) {
        return range.Contains(address);
    });
}

bool TrustedProxies::Trusts(std::string_view peer) const {
    const auto address = ParseAddress(peer);
    return address && Trusts(*address);
}

std::string TrustedProxies::ClientAddress(
    std::string_view peer, const std::vector<std::string>& x_forwarded_for_headers
) const {
    const auto from = ParseAddress(peer);
    if (!from) return std::string(peer);
    Address certain = *from;
    int hops = 0;
    for (auto header = x_forwarded_for_headers.rbegin(); header != x_forwarded_for_headers.rend();
         ++header) {
        std::string_view rest = *header;
        for (bool more = true; more;) {
            if (!Trusts(certain) || ++hops > kMaxHops) return certain.Text();
            const auto comma = rest.rfind(',');
            more = comma != rest.npos;
            const auto entry = Trim(more ? rest.substr(comma + 1) : rest);
            if (more) rest = rest.substr(0, comma);
            if (entry.empty()) continue;  // "a, , b" and an empty field name no hop
            const auto hop = ParseHop(entry);
            if (!hop) return certain.Text();
            certain = *hop;
        }
    }
    return certain.Text();
}

}  // namespace barracuda::auth
