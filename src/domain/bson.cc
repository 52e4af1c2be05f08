#include "domain/bson.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstdlib>

#include "base/check.h"
#include "base/money.h"

namespace barracuda::domain {

namespace {

static_assert(std::endian::native == std::endian::little);  // as BSON's numbers are

constexpr size_t kBytesMax = INT32_MAX;  // of a document: its length is an int32

void SetLength(char* at, size_t size) {
    BARRACUDA_CHECK(size <= kBytesMax);
    const auto length = static_cast<int32_t>(size);
    std::memcpy(at, &length, sizeof(length));
}

}  // namespace

char* BsonWriter::Room(size_t size) {
    if (size > capacity_ - size_) {
        BARRACUDA_CHECK(size <= kBytesMax && size_ <= kBytesMax);
        capacity_ = 2 * (size_ + size);
        auto larger = std::make_unique_for_overwrite<char[]>(capacity_);
        std::memcpy(larger.get(), data_, size_);
        large_ = std::move(larger);
        data_ = large_.get();
    }
    char* at = data_ + size_;
    size_ += size;
    return at;
}

char* BsonWriter::Put(char type, std::string_view key, size_t size) {
    char* at = Room(key.size() + 2 + size);
    *at++ = type;
    if (!key.empty()) std::memcpy(at, key.data(), key.size());
    at += key.size();
    *at++ = '\0';
    return at;
}

void BsonWriter::Text(std::string_view key, std::string_view value) {
    // No text at all, which is not an empty one, is null.
    if (!value.data()) return (void)Put(BSON_TYPE_NULL, key, 0);
    char* at = Put(BSON_TYPE_UTF8, key, sizeof(int32_t) + value.size() + 1);
    SetLength(at, value.size() + 1);
    std::memcpy(at + sizeof(int32_t), value.data(), value.size());
    at[sizeof(int32_t) + value.size()] = '\0';
}
void BsonWriter::Int(std::string_view key, int64_t value) {
    std::memcpy(Put(BSON_TYPE_INT64, key, sizeof(value)), &value, sizeof(value));
}
void BsonWriter::Bool(std::string_view key, bool value) {
    *Put(BSON_TYPE_BOOL, key, 1) = value ? '\1' : '\0';
}
void BsonWriter::Date(std::string_view key, Time value) {
    std::memcpy(Put(BSON_TYPE_DATE_TIME, key, sizeof(value.ms)), &value.ms, sizeof(value.ms));
}
void BsonWriter::Id(std::string_view key, const ObjectId& value) {
    std::memcpy(
        Put(BSON_TYPE_OID, key, value.bytes.size()), value.bytes.data(), value.bytes.size()
    );
}
void BsonWriter::Decimal(std::string_view key, const std::string& value) {
    bson_decimal128_t decimal;
    if (!bson_decimal128_from_string(value.c_str(), &decimal)) {
        Text(key, value);  // an amount that someone else stored as text, kept as it is
        return;
    }
    char* at = Put(BSON_TYPE_DECIMAL128, key, 16);
    std::memcpy(at, &decimal.low, 8);
    std::memcpy(at + 8, &decimal.high, 8);
}
void BsonWriter::Document(std::string_view key, std::string_view bson) {
    bson_t child;
    auto* data = reinterpret_cast<const uint8_t*>(bson.data());
    // Bytes that are no document become an empty one: they may come from the disk.
    if (bson.empty() || !bson_init_static(&child, data, bson.size())) {
        BeginDocument(key);
        return End();
    }
    std::memcpy(Put(BSON_TYPE_DOCUMENT, key, bson.size()), bson.data(), bson.size());
}
void BsonWriter::Array(std::string_view key, const BsonWriter& elements) {
    const std::string bytes = elements.Take();
    std::memcpy(Put(BSON_TYPE_ARRAY, key, bytes.size()), bytes.data(), bytes.size());
}
void BsonWriter::Element(const bson_iter_t& at) {
    bson_t one;
    bson_init(&one);
    if (bson_append_iter(&one, nullptr, 0, &at)) {  // else it is of no known type
        const size_t size = one.len - sizeof(int32_t) - 1;
        std::memcpy(Room(size), bson_get_data(&one) + sizeof(int32_t), size);
    }
    bson_destroy(&one);
}
void BsonWriter::Begin(char type, std::string_view key) {
    BARRACUDA_CHECK(depth_ < kDepthMax);
    const char* at = Put(type, key, sizeof(int32_t));
    begun_[depth_++] = static_cast<size_t>(at - data_);
}
void BsonWriter::BeginDocument(std::string_view key) { Begin(BSON_TYPE_DOCUMENT, key); }
void BsonWriter::BeginArray(std::string_view key) { Begin(BSON_TYPE_ARRAY, key); }
void BsonWriter::End() {
    BARRACUDA_CHECK(depth_ > 0);
    *Room(1) = '\0';
    const size_t from = begun_[--depth_];
    SetLength(data_ + from, size_ - from);
}
std::string BsonWriter::Take() const {
    BARRACUDA_CHECK(depth_ == 0);
    std::string bson(size_ + 1, '\0');
    std::memcpy(bson.data() + sizeof(int32_t), data_ + sizeof(int32_t), size_ - sizeof(int32_t));
    SetLength(bson.data(), bson.size());
    return bson;
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
        const char* name = bson_iter_key_unsafe(&at);
        if (count_ == kNoted) {
            more_.push_back({name, bson_iter_key_len(&at), 0, at});
            continue;
        }
        Entry& entry = entries_[count_++];
        entry.name = name;
        entry.size = bson_iter_key_len(&at);
        entry.next = 0;
        entry.at = at;
        Note(static_cast<uint8_t>(count_));
    }
}

// Behind those of its place: of two fields of one name the first counts.
void TopFields::Note(uint8_t number) {
    const Entry& entry = entries_[number - 1];
    uint8_t* link = &first_[Place({entry.name, entry.size})];
    while (*link != 0) link = &entries_[*link - 1].next;
    *link = number;
}

const bson_iter_t* TopFields::FindMore(std::string_view name) const {
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
    const auto in_place = at ? Utf8At(*at) : std::nullopt;
    if (in_place) return std::string(*in_place);  // the usual case, by one copy
    auto text = at ? ScalarText(*at) : std::nullopt;
    return text ? std::move(*text) : std::string(otherwise);
}

std::string_view TopFields::TextIn(std::string_view name, std::string& spare) const {
    const auto* at = Find(name);
    if (!at) return {};
    if (const auto in_place = Utf8At(*at)) return *in_place;
    auto text = ScalarText(*at);
    if (!text) return {};
    spare = std::move(*text);
    return spare;
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
