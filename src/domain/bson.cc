#include "domain/bson.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "base/check.h"
#include "base/money.h"

namespace barracuda::domain {

namespace {
// libbson counts in int; no text of a document comes near it.
int Length(std::string_view text) {
    BARRACUDA_CHECK(text.size() <= INT32_MAX);
    return static_cast<int>(text.size());
}
}  // namespace

// An append fails beyond 2 GiB alone; a field left out in silence would be lost.
void BsonWriter::Text(std::string_view key, std::string_view value) {
    BARRACUDA_CHECK(bson_append_utf8(&bson_, key.data(), Length(key), value.data(), Length(value)));
}
void BsonWriter::Int(std::string_view key, int64_t value) {
    BARRACUDA_CHECK(bson_append_int64(&bson_, key.data(), Length(key), value));
}
void BsonWriter::Bool(std::string_view key, bool value) {
    BARRACUDA_CHECK(bson_append_bool(&bson_, key.data(), Length(key), value));
}
void BsonWriter::Date(std::string_view key, Time value) {
    BARRACUDA_CHECK(bson_append_date_time(&bson_, key.data(), Length(key), value.ms));
}
void BsonWriter::Id(std::string_view key, const ObjectId& value) {
    bson_oid_t oid;
    bson_oid_init_from_data(&oid, value.bytes.data());
    BARRACUDA_CHECK(bson_append_oid(&bson_, key.data(), Length(key), &oid));
}
void BsonWriter::Decimal(std::string_view key, const std::string& value) {
    bson_decimal128_t decimal;
    if (!bson_decimal128_from_string(value.c_str(), &decimal)) {
        Text(key, value);  // an amount that someone else stored as text, kept as it is
        return;
    }
    BARRACUDA_CHECK(bson_append_decimal128(&bson_, key.data(), Length(key), &decimal));
}
void BsonWriter::Document(std::string_view key, std::string_view bson) {
    bson_t child;
    auto* data = reinterpret_cast<const uint8_t*>(bson.data());
    // Bytes that are no document become an empty one: they may come from the disk.
    if (bson.empty() || !bson_init_static(&child, data, bson.size())) bson_init(&child);
    BARRACUDA_CHECK(bson_append_document(&bson_, key.data(), Length(key), &child));
    bson_destroy(&child);
}
void BsonWriter::Array(std::string_view key, const BsonWriter& elements) {
    BARRACUDA_CHECK(bson_append_array(&bson_, key.data(), Length(key), &elements.bson_));
}
void BsonWriter::Element(const bson_iter_t& at) { bson_append_iter(&bson_, nullptr, 0, &at); }
std::string BsonWriter::Take() const {
    return {reinterpret_cast<const char*>(bson_get_data(&bson_)), bson_.len};
}

bool OpenBson(bson_iter_t& at, std::string_view bson) {
    auto* data = reinterpret_cast<const uint8_t*>(bson.data());
    return !bson.empty() && bson_iter_init_from_data(&at, data, bson.size());
}

std::optional<std::string> ScalarText(const bson_iter_t& at) {
    switch (bson_iter_type(&at)) {
        case BSON_TYPE_UTF8: {
            uint32_t length;
            const char* text = bson_iter_utf8(&at, &length);
            return std::string(text, length);
        }
        case BSON_TYPE_INT32:
        case BSON_TYPE_INT64:
            return fmt::format("{}", bson_iter_as_int64(&at));
        case BSON_TYPE_BOOL:
            return bson_iter_bool(&at) ? "true" : "false";
        case BSON_TYPE_DOUBLE: {
            double value = bson_iter_double(&at);
            if (!std::isfinite(value)) return std::nullopt;
            std::string text = fmt::format("{}", value);
            if (auto money = Money::Parse(text)) return money->Text();
            return text;
        }
        case BSON_TYPE_DECIMAL128: {
            bson_decimal128_t decimal;
            bson_iter_decimal128(&at, &decimal);
            char text[BSON_DECIMAL128_STRING];
            bson_decimal128_to_string(&decimal, text);
            if (auto money = Money::Parse(text)) return money->Text();
            return std::string(text);
        }
        case BSON_TYPE_OID: {
            char text[25];
            bson_oid_to_string(bson_iter_oid(&at), text);
            return std::string(text);
        }
        case BSON_TYPE_DATE_TIME:
            return fmt::format("{}", bson_iter_date_time(&at));
        default:
            return std::nullopt;
    }
}

Time TimeOf(const bson_iter_t& at) {
    return Time{BSON_ITER_HOLDS_DATE_TIME(&at) ? bson_iter_date_time(&at) : 0};
}

std::string_view BytesOf(const bson_iter_t& at) {
    uint32_t length = 0;
    const uint8_t* data = nullptr;
    if (BSON_ITER_HOLDS_DOCUMENT(&at)) bson_iter_document(&at, &length, &data);
    if (BSON_ITER_HOLDS_ARRAY(&at)) bson_iter_array(&at, &length, &data);
    return {reinterpret_cast<const char*>(data), length};
}

TopFields::TopFields(std::string_view bson) {
    bson_iter_t at;
    if (!OpenBson(at, bson)) return;
    while (bson_iter_next(&at)) {
        const Entry entry{bson_iter_key(&at), bson_iter_key_len(&at), at};
        if (count_ < kNoted) {
            entries_[count_++] = entry;
        } else {
            more_.push_back(entry);
        }
    }
}

const bson_iter_t* TopFields::Find(std::string_view name) const {
    for (size_t i = 0; i < count_; ++i) {
        if (entries_[i].Is(name)) return &entries_[i].at;
    }
    for (const auto& entry : more_) {
        if (entry.Is(name)) return &entry.at;
    }
    return nullptr;
}

std::optional<std::string> TopFields::Text(std::string_view name) const {
    const auto* at = Find(name);
    return at ? ScalarText(*at) : std::nullopt;
}

std::string TopFields::TextOr(std::string_view name, std::string_view otherwise) const {
    const auto* at = Find(name);
    if (at && BSON_ITER_HOLDS_UTF8(at)) {  // the usual case, by one copy
        uint32_t length = 0;
        const char* bytes = bson_iter_utf8(at, &length);
        return {bytes, length};
    }
    auto text = at ? ScalarText(*at) : std::nullopt;
    return text ? std::move(*text) : std::string(otherwise);
}

int64_t TopFields::Number(std::string_view name) const {
    return std::strtoll(TextOr(name).c_str(), nullptr, 10);
}

std::string_view TopFields::Bytes(std::string_view name) const {
    const auto* at = Find(name);
    return at && BSON_ITER_HOLDS_DOCUMENT(at) ? BytesOf(*at) : std::string_view();
}

std::optional<Time> TopFields::Date(std::string_view name) const {
    const auto* at = Find(name);
    return at && BSON_ITER_HOLDS_DATE_TIME(at) ? std::optional(TimeOf(*at)) : std::nullopt;
}

std::optional<std::string> TopText(std::string_view bson, const char* key) {
    bson_iter_t at;
    if (!OpenBson(at, bson) || !bson_iter_find(&at, key)) return std::nullopt;
    return ScalarText(at);
}

}  // namespace barracuda::domain
