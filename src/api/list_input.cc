#include "api/list_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace barracuda::api {

std::optional<Time> ReadTime(Reader& reader, const char* name) {
    std::string text = reader.Text(name);
    if (text.empty()) return std::nullopt;
    auto time = Time::ParseIso(text);
    if (!time) reader.Refuse(name, "must be an ISO 8601 time such as 2026-01-31T00:00:00Z");
    return time;
}

std::string ReadCursor(Reader& reader) {
    auto bytes = BytesOfHex(reader.Text("cursor"));
    if (!bytes) reader.Refuse("cursor", "is not one of ours");
    return bytes.value_or("");
}

std::string CursorText(std::string_view cursor) { return HexOf(cursor); }

http::Response CursorPage(const JsonList& data, size_t limit, std::string_view cursor) {
    JsonObject pagination, body;
    pagination.Int("limit", static_cast<int64_t>(limit));
    pagination.TextOrNull("nextCursor", CursorText(cursor));
    body.Bool("success", true).List("data", data);
    return JsonResponse(200, body.Object("pagination", pagination));
}

size_t ReadLimit(Reader& reader) { return std::min<size_t>(reader.Count("limit", 50), 200); }

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

void RefuseOthers(const Input& input, Reader& reader, const Words& known, std::string_view what) {
    for (const auto& [name, value] : input.all()) {
        if (std::find(known.begin(), known.end(), name) == known.end()) reader.Refuse(name, what);
    }
}

std::optional<bool> ReadFlag(Reader& reader, const char* name) {
    auto text = reader.Bool(name);
    if (!text) return std::nullopt;
    return *text == "true";
}

bool ReadSwitch(const Input& query, Reader& reader, const char* name) {
    auto at = query.all().find(name);
    if (at == query.all().end()) return false;
    if (at->second.text.empty()) reader.Refuse(name, "must be true or false");
    return ReadFlag(reader, name).value_or(false);
}

}  // namespace barracuda::api
