#include "net/http_date.h"

#include <curl/curl.h>

#include <algorithm>
#include <string>

namespace barracuda::net {

std::optional<Time> ParseHttpDate(std::string_view text) {
    constexpr size_t kLongest = 64;
    // libcurl reads a bare number as a date as well ("20261231").
    const bool has_name = std::any_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
    if (!has_name || text.size() > kLongest || text.find('\0') != text.npos) return std::nullopt;
    const time_t seconds = curl_getdate(std::string(text).c_str(), nullptr);
    if (seconds == -1) return std::nullopt;
    return Time{static_cast<int64_t>(seconds) * 1000};
}

}  // namespace barracuda::net
