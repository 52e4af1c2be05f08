#include "base/raw_json.h"

#include <algorithm>

#include "base/check.h"

namespace barracuda {

namespace {

constexpr std::string_view kSpace = " \t\r\n";

size_t SkipSpace(std::string_view text, size_t at) {
    return std::min(text.find_first_not_of(kSpace, at), text.size());
}

// Past the string that begins at `at`.
size_t SkipString(std::string_view text, size_t at) {
    for (++at; at < text.size() && text[at] != '"'; ++at) at += text[at] == '\\';
    return std::min(at + 1, text.size());
}

// Past the value that begins at `at`.
size_t SkipValue(std::string_view text, size_t at) {
    size_t depth = 0;
    while (at < text.size()) {
        const char c = text[at];
        if (c == '"') {
            at = SkipString(text, at);
        } else if (c == '{' || c == '[') {
            ++depth;
            ++at;
        } else if (c == '}' || c == ']') {
            --depth;
            ++at;
        } else if (depth > 0) {
            ++at;
            continue;
        } else {
            return std::min(text.find_first_of(" \t\r\n,]}", at), text.size());
        }
        if (depth == 0) break;
    }
    return at;
}

}  // namespace

std::string_view RawMember(std::string_view object, std::string_view name) {
    std::string_view found;
    size_t at = SkipSpace(object, 0);
    if (at == object.size() || object[at] != '{') return found;
    while ((at = SkipSpace(object, at + 1)) < object.size() && object[at] == '"') {
        const size_t end = SkipString(object, at);
        const bool wanted = object.substr(at + 1, end - at - 2) == name;
        const size_t begin = SkipSpace(object, SkipSpace(object, end) + 1);  // past the colon
        at = SkipValue(object, begin);
        if (wanted) found = object.substr(begin, at - begin);
        at = SkipSpace(object, at);  // a comma or the end
    }
    return found;
}

std::vector<std::string_view> RawItems(std::string_view array) {
    std::vector<std::string_view> items;
    size_t at = SkipSpace(array, 0);
    if (at == array.size() || array[at] != '[') return items;
    while ((at = SkipSpace(array, at + 1)) < array.size() && array[at] != ']') {
        const size_t end = SkipValue(array, at);
        BARRACUDA_CHECK(end >= at);
        items.push_back(array.substr(at, end - at));
        at = SkipSpace(array, end);
        if (at == array.size() || array[at] != ',') break;
    }
    return items;
}

std::string CompactJson(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    for (size_t at = SkipSpace(json, 0); at < json.size(); at = SkipSpace(json, at)) {
        const size_t end = json[at] == '"' ? SkipString(json, at) : at + 1;
        out.append(json, at, end - at);
        at = end;
    }
    return out;
}

}  // namespace barracuda
