#include "config/values.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace barracuda::config {
namespace {

// A number and the unit that follows it.
std::optional<std::pair<long long, std::string_view>> SplitUnit(std::string_view text) {
    long long number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || number < 0 || number > 1'000'000'000) return std::nullopt;
    return std::pair(number, text.substr(static_cast<std::size_t>(end - text.data())));
}

std::string_view Trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Printable ASCII without blanks.
bool IsPlain(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

bool IsHost(std::string_view host) {
    return !host.empty() && host.size() <= 255 && std::all_of(host.begin(), host.end(), [](char c) {
        return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
               c == '.' || c == '_';
    });
}

bool IsIpv6Host(std::string_view host) {
    return host.find(':') != host.npos && std::all_of(host.begin(), host.end(), [](char c) {
               return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
                      c == '.';
           });
}

std::optional<std::string_view> AfterScheme(std::string_view text) {
    for (std::string_view scheme : {"https://", "http://"}) {
        if (text.starts_with(scheme)) return text.substr(scheme.size());
    }
    return std::nullopt;
}

}  // namespace

std::optional<long long> ParseNumber(std::string_view text, long long least, long long most) {
    long long number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (number < least || number > most) return std::nullopt;
    return number;
}

std::optional<bool> ParseSwitch(std::string_view text) {
    if (text == "true") return true;
    if (text == "false") return false;
    return std::nullopt;
}

std::optional<std::chrono::milliseconds> ParseDuration(std::string_view text) {
    const auto split = SplitUnit(text);
    if (!split) return std::nullopt;
    const auto [number, unit] = *split;
    if (unit == "ms") return std::chrono::milliseconds(number);
    if (unit == "s") return std::chrono::seconds(number);
    if (unit == "m") return std::chrono::minutes(number);
    if (unit == "h") return std::chrono::hours(number);
    return std::nullopt;
}

std::optional<std::size_t> ParseSize(std::string_view text) {
    const auto split = SplitUnit(text);
    if (!split) return std::nullopt;
    const auto [number, unit] = *split;
    const auto count = static_cast<std::size_t>(number);
    if (unit.empty() || unit == "B") return count;
    if (unit == "KiB") return count << 10;
    if (unit == "MiB") return count << 20;
    return std::nullopt;
}

std::vector<std::string> ParseList(std::string_view text) {
    std::vector<std::string> list;
    while (!text.empty()) {
        const auto comma = text.find(',');
        if (const auto item = Trim(text.substr(0, comma)); !item.empty()) list.emplace_back(item);
        if (comma == text.npos) break;
        text.remove_prefix(comma + 1);
    }
    return list;
}

std::optional<std::pair<std::string, std::uint16_t>> ParseListen(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == text.npos) return std::nullopt;
    std::string host(text.substr(0, colon));
    const auto port = ParseNumber(text.substr(colon + 1), 0, 65535);
    if (!port) return std::nullopt;
    const bool v6 = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (v6) host = host.substr(1, host.size() - 2);
    in6_addr address{};
    if (inet_pton(v6 ? AF_INET6 : AF_INET, host.c_str(), &address) != 1) return std::nullopt;
    return std::pair(std::move(host), static_cast<std::uint16_t>(*port));
}

std::optional<std::string> ParseUrl(std::string_view text) {
    const auto rest = AfterScheme(text);
    if (!rest || !IsPlain(text) || text.size() > 2048) return std::nullopt;
    if (text.find_first_of("?#@\"<>\\") != text.npos) return std::nullopt;
    if (!IsAuthority(rest->substr(0, rest->find('/')))) return std::nullopt;
    while (text.ends_with('/')) text.remove_suffix(1);
    return std::string(text);
}

bool IsAuthority(std::string_view text) {
    std::string_view port;
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == text.npos || !IsIpv6Host(text.substr(1, close - 1))) return false;
        port = text.substr(close + 1);
    } else {
        const auto colon = text.find(':');
        if (!IsHost(text.substr(0, colon))) return false;
        if (colon != text.npos) port = text.substr(colon);
    }
    if (port.empty()) return true;
    return port.front() == ':' && ParseNumber(port.substr(1), 1, 65535).has_value();
}

bool IsOrigin(std::string_view text) {
    if (text == "*") return true;
    const auto rest = AfterScheme(text);
    return rest && IsAuthority(*rest);
}

bool IsId(std::string_view text) { return !text.empty() && text.size() <= 64 && IsPlain(text); }

bool IsDecimal(std::string_view text) {
    const auto point = text.find('.');
    const auto whole = text.substr(0, point);
    if (whole.empty() || whole.size() > 13) return false;
    if (!std::all_of(whole.begin(), whole.end(), IsDigit)) return false;
    std::string_view rest;
    if (point != text.npos) {
        rest = text.substr(point + 1);
        if (rest.empty() || rest.size() > 6) return false;
        if (!std::all_of(rest.begin(), rest.end(), IsDigit)) return false;
    }
    constexpr long long kMost = 1'000'000'000'000;
    const auto number = ParseNumber(whole, 0, kMost);
    return number && (*number < kMost || rest.find_first_not_of('0') == rest.npos);
}

std::string DatabaseOf(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme == url.npos) return {};
    const auto slash = url.find('/', scheme + 3);
    if (slash == url.npos) return {};
    return std::string(url.substr(slash + 1, url.find('?', slash) - slash - 1));
}

std::string DatabaseFault(std::string_view name) {
    if (name.empty() || name.size() > 63 || name.find_first_of("/\\. \"$*<>:|?%") != name.npos) {
        return "this is no name of a MongoDB database: set store.database (DB_NAME)";
    }
    for (std::string_view own : {"admin", "local", "config"}) {
        if (Lower(name) != own) continue;
        return fmt::format(
            "the database {} is MongoDB's own: name another one with store.database (DB_NAME); "
            "authSource in the address says where its user is kept",
            own
        );
    }
    return {};
}

std::string ShowDuration(std::chrono::milliseconds value) {
    const auto count = value.count();
    return count % 1000 == 0 ? fmt::format("{}s", count / 1000) : fmt::format("{}ms", count);
}

std::string Join(const std::vector<std::string>& list) {
    return fmt::format("{}", fmt::join(list, ","));
}

}  // namespace barracuda::config
