// From text to value for each kind of setting; nullopt when the text does not fit.
//
// Threads: any; nothing is kept.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace barracuda::config {

std::optional<long long> ParseNumber(std::string_view text, long long least, long long most);
std::optional<bool> ParseSwitch(std::string_view text);                         // true | false
std::optional<std::chrono::milliseconds> ParseDuration(std::string_view text);  // 250ms 5s 1m 1h
std::optional<std::size_t> ParseSize(std::string_view text);                    // 512 64KiB 1MiB
std::vector<std::string> ParseList(std::string_view text);                      // a, b
// The address in digits; IPv6 in brackets, which are taken off.
std::optional<std::pair<std::string, std::uint16_t>> ParseListen(std::string_view text);
// http(s)://host[:port][/path], without user, query or fragment; trailing slashes are cut.
std::optional<std::string> ParseUrl(std::string_view text);
bool IsAuthority(std::string_view text);  // host, host:port, [v6], [v6]:port
bool IsOrigin(std::string_view text);     // "*" or scheme://host[:port]
bool IsId(std::string_view text);         // 1 to 64 printable characters without blanks
// Not negative, at most 6 decimals, at most 10^12; no sign or exponent.
bool IsDecimal(std::string_view text);

// The database a MongoDB address names: mongodb://user@host,host/NAME?options; empty: none.
std::string DatabaseOf(std::string_view url);
// Why nothing of ours may be in a MongoDB database of this name; empty: it may. Those of the server
// itself are refused in any case of letters: hosted addresses name admin, as the place to log in.
std::string DatabaseFault(std::string_view name);

// The way back, as a setting is written: "250ms", "5s"; "a, b".
std::string ShowDuration(std::chrono::milliseconds value);
std::string Join(const std::vector<std::string>& list);

}  // namespace barracuda::config
