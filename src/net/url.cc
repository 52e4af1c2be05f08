#include "net/url.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

#include "base/said_words.h"

namespace barracuda::net {
namespace {

// An app's own scheme (app://...?sub1=) is a legal redirect target: it is read, never called.
// ENCODE lets a Location with a raw space or UTF-8 through, as browsers do.
constexpr unsigned kParseFlags = CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE;

struct FreeUrl {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeText {
    void operator()(char* text) const { curl_free(text); }
};
using Url = std::unique_ptr<CURLU, FreeUrl>;
using Text = std::unique_ptr<char, FreeText>;

bool HasNul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

Result<Url> Parse(std::string_view text) {
    Url url(curl_url());
    const CURLUcode code =
        curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), kParseFlags);
    if (code != CURLUE_OK || HasNul(text)) {
        return Fail(ErrorCode::kInvalid, "not a URL", std::string(text));
    }
    return url;
}

Text Part(const Url& url, CURLUPart part) {
    char* text = nullptr;
    curl_url_get(url.get(), part, &text, 0);
    return Text(text);
}

int HexDigit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string DecodeFormText(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 &&
            HexDigit(text[i + 2]) >= 0) {
            out += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
            i += 2;
        } else {
            out += text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

}  // namespace

std::string PercentEncode(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size() + text.size() / 2);
    for (const char c : text) {
        const bool unreserved = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                                (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' ||
                                c == '~';
        if (unreserved) {
            out += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out += {'%', kHex[byte >> 4], kHex[byte & 15]};
        }
    }
    return out;
}

namespace {

// A short secret would be found inside harmless text: it counts as a whole value alone.
constexpr size_t kLongEnough = 8;

bool IsValue(std::string_view text, const SaidText::Span& span) {
    const auto [from, to] = span;
    const bool begins = from > 0 && std::string_view("=\"'").find(text[from - 1]) != text.npos;
    return begins && (to == text.size() || std::string_view("&\"'\\").find(text[to]) != text.npos);
}

}  // namespace

std::string MaskSecrets(std::string_view text, const std::vector<std::string>& secrets) {
    if (text.empty() || secrets.empty()) return std::string(text);
    const SaidText said(text);
    std::vector<SaidText::Span> spans;
    for (const auto& secret : secrets) {
        for (const auto& span : said.Find(secret)) {
            if (secret.size() >= kLongEnough || IsValue(text, span)) spans.push_back(span);
        }
    }
    return Masked(text, std::move(spans), "***");
}

std::string BuildQuery(const QueryParameters& parameters) {
    std::string out;
    for (const auto& [name, value] : parameters) {
        if (!out.empty()) out += '&';
        out += PercentEncode(name) + '=' + PercentEncode(value);
    }
    return out;
}

Result<QueryParameters> ParseQuery(std::string_view url) {
    auto parsed = Parse(url);
    if (!parsed) return Fail(parsed.error());
    QueryParameters parameters;
    const Text query = Part(*parsed, CURLUPART_QUERY);
    std::string_view rest = query ? std::string_view(query.get()) : std::string_view();
    while (!rest.empty()) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        if (pair.empty()) continue;
        const size_t equals = std::min(pair.find('='), pair.size());
        const size_t value = std::min(equals + 1, pair.size());
        parameters.emplace_back(
            DecodeFormText(pair.substr(0, equals)), DecodeFormText(pair.substr(value))
        );
    }
    return parameters;
}

std::string HostOf(std::string_view url) {
    const auto parsed = Parse(url);
    const Text host = parsed ? Part(*parsed, CURLUPART_HOST) : nullptr;
    return host ? host.get() : "";
}

Result<std::string> ResolveUrl(std::string_view base, std::string_view reference) {
    auto url = Parse(base);
    if (!url) return Fail(url.error());
    const CURLUcode code =
        curl_url_set(url->get(), CURLUPART_URL, std::string(reference).c_str(), kParseFlags);
    if (code != CURLUE_OK || HasNul(reference)) {
        return Fail(ErrorCode::kInvalid, "not a URL", std::string(reference));
    }
    curl_url_set(url->get(), CURLUPART_FRAGMENT, nullptr, 0);
    const Text text = Part(*url, CURLUPART_URL);
    if (!text) return Fail(ErrorCode::kInvalid, "not a URL", std::string(reference));
    return std::string(text.get());
}

}  // namespace barracuda::net
