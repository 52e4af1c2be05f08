#include "domain/given_id.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "base/check.h"
#include "base/text.h"
#include "base/unseen.h"

namespace barracuda::domain {

namespace {

constexpr std::string_view kMacro = "is a macro that was not replaced: check the tracker's URL";
constexpr std::string_view kPlaceholder =
    "is a placeholder for no value: leave it out, or check what fills it in";

bool IsMacro(std::string_view text) {
    auto wrapped = [&](std::string_view open, std::string_view close) {
        return text.size() > open.size() + close.size() && text.starts_with(open) &&
               text.ends_with(close);
    };
    if (wrapped("{", "}") || wrapped("${", "}") || wrapped("#", "#") || wrapped("[", "]") ||
        wrapped("%", "%") || wrapped("<", ">") || wrapped("__", "__")) {
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

bool IsPlaceholder(std::string_view text) {
    constexpr std::string_view kWords[] = {
        "undefined", "null", "none", "nil", "nan", "[object object]"};
    constexpr size_t kLongest = 15;
    static_assert(kWords[std::size(kWords) - 1].size() == kLongest);
    if (text.size() > kLongest) return false;
    const std::string lower = Lower(text);
    return std::find(std::begin(kWords), std::end(kWords), lower) != std::end(kWords);
}

// Whether a stand-in can begin so, encoded or not. Most ids cannot.
bool MayBeStandIn(std::string_view text) {
    constexpr std::string_view kFirst = "{$#[%<_+uUnN";
    return !text.empty() && kFirst.find(text.front()) != std::string_view::npos;
}

// Control characters of C0 and C1, unseen characters but the blank, bytes that are no UTF-8.
std::string_view ProblemInside(std::string_view text) {
    while (!text.empty()) {
        const auto c = FirstUtf8(text);
        if (c.size == 0) return "is not valid UTF-8";
        if (c.code == 0) return "has a NUL character";
        if (c.code < 0x20 || (c.code >= 0x7F && c.code < 0xA0)) return "has a control character";
        if (c.code != ' ' && IsUnseen(c.code)) {
            return "has white space that is no plain blank, or a character that nobody sees";
        }
        text.remove_prefix(c.size);
    }
    return {};
}

}  // namespace

std::string_view StandInProblem(std::string_view text) {
    constexpr size_t kEncodedMax = 3 * kIdBytesMax;
    constexpr int kDecodings = 2;  // a URL within a URL is encoded once more, and that one again
    std::string decoded;
    for (int left = kDecodings;; --left) {
        BARRACUDA_CHECK(left >= 0);
        text = TrimUnseen(text);
        if (!MayBeStandIn(text)) return {};
        if (IsPlaceholder(text)) return kPlaceholder;
        if (IsMacro(text)) return kMacro;
        const bool encoded = text.find_first_of("%+") != std::string_view::npos;
        if (!encoded || left == 0 || text.size() > kEncodedMax) return {};
        std::string inner;
        PercentDecode(text, true, inner);
        decoded = std::move(inner);
        text = decoded;
    }
}

GivenId JudgeId(std::string_view given) {
    bool plain = true;
    for (unsigned char c : given) plain &= c >= 0x20 && c < 0x7F;
    GivenId id{given, {}, false};
    if (!plain || given.starts_with(' ') || given.ends_with(' ')) id.text = TrimUnseen(given);
    if (id.text.empty()) return id;
    id.problem = StandInProblem(id.text);
    id.stand_in = !id.problem.empty();
    if (id.stand_in) return id;
    if (id.text.size() > kIdBytesMax) {
        id.problem = "is longer than 1024 bytes";
    } else if (!plain) {
        id.problem = ProblemInside(id.text);
    }
    return id;
}

}  // namespace barracuda::domain
