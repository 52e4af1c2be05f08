#include "domain/given_id.h"

#include "base/text.h"

namespace barracuda::domain {

bool IsMacro(std::string_view text) {
    auto wrapped = [&](std::string_view open, std::string_view close) {
        return text.size() > open.size() + close.size() && text.starts_with(open) &&
               text.ends_with(close);
    };
    if (wrapped("{", "}") || wrapped("${", "}") || wrapped("#", "#") || wrapped("[", "]") ||
        wrapped("%", "%") || wrapped("<", ">")) {
        return true;
    }
    if (text.size() < 2 || text[0] != '$') return false;
    for (char c : text.substr(1)) {
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '_' || c == '.' || c == '-';
        if (!word) return false;
    }
    return true;
}

std::string_view ProblemOfId(std::string_view text) {
    if (text.empty()) return "is empty";
    if (text.size() > kIdBytesMax) return "is longer than 256 bytes";
    if (HasControl(text)) return "has a control character";
    if (!IsUtf8(text)) return "is not valid UTF-8";
    if (IsMacro(text)) return "is a macro that was not replaced: check the tracker's URL";
    return {};
}

}  // namespace barracuda::domain
