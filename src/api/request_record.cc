#include "api/request_record.h"

#include <fmt/format.h>

#include <algorithm>

namespace barracuda::api {

namespace {

constexpr size_t kPathBytesMax = 128;
constexpr size_t kPartBytesMax = 32;  // keys and tokens are longer
static_assert(kPartBytesMax < kPathBytesMax);

}  // namespace

std::string LoggableMethod(std::string_view method) {
    constexpr std::string_view kKnown[] = {
        "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"};
    const bool known = std::find(std::begin(kKnown), std::end(kKnown), method) != std::end(kKnown);
    return std::string(known ? method : "-");
}

std::string LoggablePath(std::string_view path) {
    std::string out;
    while (!path.empty() && out.size() < kPathBytesMax) {
        const size_t end = std::min(path.find('/', 1), path.size());
        const std::string_view part = path.substr(0, end);  // with its slash
        path.remove_prefix(end);
        if (part.size() > kPartBytesMax || part.find('@') != std::string_view::npos) {
            out += "/***";
            continue;
        }
        for (unsigned char c : part) {
            const bool plain = c > 0x20 && c < 0x7f && c != '%' && c != '"' && c != '\\';
            if (plain) out += static_cast<char>(c);
            if (!plain) out += fmt::format("%{:02X}", c);
        }
    }
    if (!path.empty()) out += "...";
    return out;
}

}  // namespace barracuda::api
