#include "domain/web_address.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace barracuda::domain {

namespace {

constexpr size_t kHostBytesMax = 253;
constexpr size_t kLabelBytesMax = 63;

tl::unexpected<Problem> At(size_t position, std::string reason) {
    return tl::unexpected<Problem>(Problem{{}, std::move(reason), position});
}

bool IsHostCharacter(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' || c == '.';
}

bool IsIpv6Character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == ':' || c == '.';
}

// The reason why `host` is no name or IPv4 address; empty when it is one.
std::string NameFault(std::string_view host) {
    if (host.empty()) return "the host is missing";
    if (host.size() > kHostBytesMax) return "the host is longer than 253 bytes";
    if (host.ends_with('.')) host.remove_suffix(1);
    while (true) {
        size_t dot = std::min(host.find('.'), host.size());
        if (dot == 0) return "the host has an empty part";
        if (dot > kLabelBytesMax) return "a part of the host is longer than 63 bytes";
        if (dot == host.size()) return {};
        host.remove_prefix(dot + 1);
    }
}

}  // namespace

tl::expected<WebAddress, Problem> ReadWebAddress(std::string_view url) {
    WebAddress address;
    size_t begin = 0;
    if (url.starts_with("https://")) {
        address.https = true;
        begin = 8;
    } else if (url.starts_with("http://")) {
        begin = 7;
    } else {
        return At(0, "expected http:// or https:// at the beginning");
    }
    address.end = std::min(url.find_first_of("/?#", begin), url.size());
    std::string authority = Lower(url.substr(begin, address.end - begin));
    if (size_t brace = authority.find_first_of("{}"); brace != std::string::npos) {
        return At(begin + brace, "the host takes no macro");
    }
    if (size_t at = authority.find('@'); at != std::string::npos) {
        return At(begin + at, "a user or password has no place in an address");
    }
    size_t host_end = 0;
    if (authority.starts_with('[')) {
        size_t close = authority.find(']');
        if (close == std::string::npos) return At(begin, "a bracket of the host is not closed");
        address.host = authority.substr(1, close - 1);
        host_end = close + 1;
        auto odd = std::find_if_not(address.host.begin(), address.host.end(), IsIpv6Character);
        if (odd != address.host.end() || address.host.find(':') == std::string::npos) {
            return At(begin + 1, "no IPv6 address");
        }
    } else {
        host_end = std::min(authority.find(':'), authority.size());
        address.host = authority.substr(0, host_end);
        auto odd = std::find_if_not(address.host.begin(), address.host.end(), IsHostCharacter);
        if (odd != address.host.end()) {
            size_t offset = static_cast<size_t>(odd - address.host.begin());
            return At(begin + offset, "a character that no host has (write it as xn--…)");
        }
        if (auto fault = NameFault(address.host); !fault.empty()) return At(begin, fault);
    }
    BARRACUDA_CHECK(host_end <= authority.size());
    address.port = address.https ? 443 : 80;
    if (host_end == authority.size()) return address;
    std::string port = authority.substr(host_end);
    bool digits = port.size() > 1 && port.size() <= 6 && port[0] == ':' &&
                  port.find_first_not_of("0123456789", 1) == std::string::npos;
    address.port = digits ? std::stoi(port.substr(1)) : 0;
    if (address.port < 1 || address.port > 65535) {
        return At(begin + host_end, "expected a port from 1 to 65535 after the host");
    }
    return address;
}

}  // namespace barracuda::domain
