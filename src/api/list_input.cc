#include "api/list_input.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <charconv>

#include "api/nearest.h"
#include "base/text.h"

namespace barracuda::api {

namespace {

constexpr int kBase64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
constexpr size_t kCheckBytes = 8;

std::string CheckOf(std::string_view cursor) { return HashHex(cursor, 16).substr(0, kCheckBytes); }

}  // namespace

std::optional<Time> ReadTime(Reader& reader, const char* name) {
    std::string text = reader.Text(name);
    if (text.empty()) return std::nullopt;
    auto time = Time::ParseIso(text);
    // The plus of a zone that was not encoded comes as a blank.
    const bool blank = text.find(' ') != std::string::npos && text.find('T') != std::string::npos;
    if (!time) {
        reader.Refuse(
            name,
            blank ? "must be an ISO 8601 time: in a URL the + of its zone is written %2B"
                  : "must be an ISO 8601 time such as 2026-01-31T00:00:00Z"
        );
    }
    return time;
}

std::optional<Time> ReadEnd(Reader& reader, const char* name) {
    constexpr size_t kDateBytes = 10;
    constexpr int64_t kDayMs = 86'400'000;
    auto time = ReadTime(reader, name);
    if (time && reader.Text(name).size() == kDateBytes) time->ms += kDayMs;
    return time;
}

std::string ReadCursor(Reader& reader) {
    auto bytes = CursorBytes(reader.Text("cursor", kCursorBytesMax));
    if (!bytes) reader.Refuse("cursor", "is not one of ours");
    return bytes.value_or("");
}

std::string CursorText(std::string_view cursor) {
    if (cursor.empty()) return {};
    const std::string bytes = std::string(cursor) + CheckOf(cursor);
    std::string text(sodium_base64_encoded_len(bytes.size(), kBase64), '\0');
    const auto* in = reinterpret_cast<const unsigned char*>(bytes.data());
    sodium_bin2base64(text.data(), text.size(), in, bytes.size(), kBase64);
    text.pop_back();  // the NUL
    return text;
}

std::optional<std::string> CursorBytes(std::string_view cursor_text) {
    if (cursor_text.empty()) return std::string();
    std::string bytes(cursor_text.size(), '\0');
    auto* out = reinterpret_cast<unsigned char*>(bytes.data());
    size_t size = 0;
    const bool whole = sodium_base642bin(
                           out,
                           bytes.size(),
                           cursor_text.data(),
                           cursor_text.size(),
                           nullptr,
                           &size,
                           nullptr,
                           kBase64
                       ) == 0;
    if (!whole || size <= kCheckBytes) return std::nullopt;
    const std::string check = bytes.substr(size - kCheckBytes, kCheckBytes);
    bytes.resize(size - kCheckBytes);
    if (check != CheckOf(bytes)) return std::nullopt;
    return bytes;
}

http::Response CursorPage(const JsonList& data, size_t limit, std::string_view cursor) {
    JsonObject pagination, body;
    pagination.Int("limit", static_cast<int64_t>(limit));
    pagination.TextOrNull("nextCursor", CursorText(cursor));
    body.Bool("success", true).List("data", data);
    // A page that is short although something follows: its look-ahead ended before it was full.
    if (!cursor.empty() && data.size() < limit) body.Bool("complete", false);
    return JsonResponse(200, body.Object("pagination", pagination));
}

size_t ReadLimit(Reader& reader) { return reader.CountUpTo("limit", 50, 200); }

std::optional<int> ReadNumber(Reader& reader, const char* name, int least, int most) {
    std::string text = reader.Text(name);
    if (text.empty()) return std::nullopt;
    int value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size() && value >= least &&
        value <= most) {
        return value;
    }
    reader.Refuse(name, fmt::format("must be a whole number from {} to {}", least, most));
    return std::nullopt;
}

std::string ReadWord(Reader& reader, const char* name, const Words& words) {
    std::string value = reader.Text(name);
    if (!value.empty() && std::find(words.begin(), words.end(), value) == words.end()) {
        reader.Refuse(name, fmt::format("must be {}", fmt::join(words, " or ")));
    }
    return value;
}

void RefuseUnread(const Input& input, Reader& reader, std::string_view what) {
    for (const auto& name : input.Unread()) {
        reader.Refuse(name, fmt::format("{}{}", what, DidYouMean(name, input.Missed())));
    }
}

std::optional<bool> ReadFlag(Reader& reader, const char* name) {
    auto text = reader.Bool(name);
    if (!text) return std::nullopt;
    return *text == "true";
}

bool ReadSwitch(const Input& query, Reader& reader, const char* name) {
    const bool empty = !query.Find(name);
    if (!query.Has(name)) return false;
    if (empty) reader.Refuse(name, "must be true or false");
    return ReadFlag(reader, name).value_or(false);
}

}  // namespace barracuda::api
