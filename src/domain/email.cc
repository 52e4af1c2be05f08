#include "domain/email.h"

namespace barracuda::domain {

namespace {

bool IsAlnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// 1 to 63 letters, digits and hyphens, with no hyphen at either end.
bool IsLabel(std::string_view label) {
    if (label.empty() || label.size() > 63) return false;
    if (!IsAlnum(label.front()) || !IsAlnum(label.back())) return false;
    for (char c : label) {
        if (!IsAlnum(c) && c != '-') return false;
    }
    return true;
}

}  // namespace

bool IsHtmlEmail(std::string_view text) {
    constexpr std::string_view kMarks = ".!#$%&'*+/=?^_`{|}~-";
    const std::size_t at = text.find('@');
    if (at == std::string_view::npos || at == 0 || text.size() > kEmailBytesMax) return false;
    for (char c : text.substr(0, at)) {
        if (!IsAlnum(c) && kMarks.find(c) == std::string_view::npos) return false;
    }
    std::string_view host = text.substr(at + 1);
    for (;;) {
        const std::size_t dot = host.find('.');
        if (!IsLabel(host.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        host.remove_prefix(dot + 1);
    }
}

}  // namespace barracuda::domain
