#include "domain/entity.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace barracuda::domain {

namespace {

constexpr size_t kNameBytesMax = 64;
constexpr size_t kHistoryTextBytesMax = 1024;

std::string_view ValueOf(const FlatFields& fields, std::string_view name) {
    for (const auto& [field, value] : fields) {
        if (field == name) return value;
    }
    return {};
}

}  // namespace

std::string Problem::Text() const {
    if (position) return fmt::format("{} at {}: {}", field, *position, reason);
    return fmt::format("{}: {}", field, reason);
}

void Amend(
    EntityMeta& meta, const FlatFields& before, const FlatFields& after, Time now, std::string by
) {
    if (meta.rev == 0) meta.created = now;
    ++meta.rev;
    meta.updated = now;
    auto cut = [](std::string_view text) {
        return std::string(CutUtf8(text, kHistoryTextBytesMax));
    };
    auto add = [&](const std::string& field, std::string_view from, std::string_view to) {
        if (from == to) return;
        meta.history.push_back(
            {.at = now, .by = by, .field = field, .from = cut(from), .to = cut(to)}
        );
    };
    for (const auto& [field, value] : after) add(field, ValueOf(before, field), value);
    if (meta.history.size() > EntityMeta::kHistoryMax) {
        auto over = static_cast<long>(meta.history.size() - EntityMeta::kHistoryMax);
        meta.history.erase(meta.history.begin(), meta.history.begin() + over);
    }
    BARRACUDA_CHECK(meta.history.size() <= EntityMeta::kHistoryMax);
}

std::string EntityKey(std::string_view type, std::string_view name) {
    return fmt::format("{}:{}", type, name);
}

bool IsEntityName(std::string_view name) {
    bool sound = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '_' || c == '-' || c == '.';
    });
    return sound && !name.empty() && name.size() <= kNameBytesMax && name != "." && name != "..";
}

std::string JoinTexts(const std::vector<std::string>& texts) {
    return fmt::format("{}", fmt::join(texts, ", "));
}

bool EachElement(std::string_view bson, const VisitElement& visit) {
    bson_iter_t at;
    if (!OpenBson(at, bson)) return false;
    while (bson_iter_next(&at)) visit(bson_iter_key(&at), at);
    return at.err_off == 0;
}

void PutTexts(BsonWriter& to, const char* key, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    BsonWriter elements;
    size_t i = 0;
    for (const auto& text : texts) elements.Text(fmt::format_int(i++).c_str(), text);
    to.Array(key, elements);
}

std::vector<std::string> TextsIn(const bson_iter_t& at) {
    std::vector<std::string> texts;
    if (!BSON_ITER_HOLDS_ARRAY(&at)) return texts;
    EachElement(BytesOf(at), [&](std::string_view, const bson_iter_t& item) {
        texts.push_back(ScalarText(item).value_or(""));
    });
    return texts;
}

std::vector<std::string> TextsIn(const TopFields& fields, const char* name) {
    const auto* at = fields.Find(name);
    return at ? TextsIn(*at) : std::vector<std::string>();
}

void PutMeta(BsonWriter& to, const EntityMeta& meta) {
    PutHistory(to, meta.history);
    to.Int("rev", meta.rev);
    to.Date("createdAt", meta.created);
    to.Date("updatedAt", meta.updated);
}

bool TakeMeta(EntityMeta& to, std::string_view key, const bson_iter_t& at) {
    if (key == "rev") {
        to.rev = bson_iter_as_int64(&at);
    } else if (key == "createdAt") {
        to.created = TimeOf(at);
    } else if (key == "updatedAt") {
        to.updated = TimeOf(at);
    } else if (key == "history") {
        to.history = HistoryIn(at);
    } else {
        return false;
    }
    return true;
}

}  // namespace barracuda::domain
