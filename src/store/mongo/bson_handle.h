// An owned bson_t with the few appends that commands and filters need. Threads: one.
//
//     Bson filter;
//     filter.Text("click_id", click).Document("rev", Bson().Int("$gt", 3));
#pragma once

#include <mongoc/mongoc.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/time.h"

namespace barracuda::store {

class Bson {
public:
    Bson() : bson_(bson_new()) {}
    ~Bson() { bson_destroy(bson_); }
    Bson(Bson&& other) noexcept : bson_(std::exchange(other.bson_, nullptr)) {}
    Bson& operator=(Bson&& other) noexcept {
        std::swap(bson_, other.bson_);
        return *this;
    }
    Bson(const Bson&) = delete;
    Bson& operator=(const Bson&) = delete;

    // Of text we wrote ourselves: text that is no JSON is a fault of the program.
    static Bson Json(std::string_view json) {
        auto* data = reinterpret_cast<const uint8_t*>(json.data());
        bson_t* parsed = bson_new_from_json(data, static_cast<ssize_t>(json.size()), nullptr);
        BARRACUDA_CHECK(parsed != nullptr);
        return Bson(parsed);
    }

    bson_t* get() { return bson_; }
    const bson_t* get() const { return bson_; }
    bool empty() const { return bson_empty(bson_); }
    std::string Bytes() const {
        return {reinterpret_cast<const char*>(bson_get_data(bson_)), bson_->len};
    }

    Bson& Text(std::string_view key, std::string_view value) {
        bson_append_utf8(bson_, key.data(), Size(key), value.data(), Size(value));
        return *this;
    }
    Bson& Int(std::string_view key, int64_t value) {
        bson_append_int64(bson_, key.data(), Size(key), value);
        return *this;
    }
    Bson& Bool(std::string_view key, bool value) {
        bson_append_bool(bson_, key.data(), Size(key), value);
        return *this;
    }
    Bson& Date(std::string_view key, Time value) {
        bson_append_date_time(bson_, key.data(), Size(key), value.ms);
        return *this;
    }
    Bson& Null(std::string_view key) {
        bson_append_null(bson_, key.data(), Size(key));
        return *this;
    }
    Bson& Value(std::string_view key, const bson_value_t* value) {
        bson_append_value(bson_, key.data(), Size(key), value);
        return *this;
    }
    Bson& Document(std::string_view key, const Bson& value) {
        bson_append_document(bson_, key.data(), Size(key), value.bson_);
        return *this;
    }
    // `value` has the keys "0", "1", …
    Bson& Array(std::string_view key, const Bson& value) {
        bson_append_array(bson_, key.data(), Size(key), value.bson_);
        return *this;
    }
    Bson& Merge(const Bson& other) {
        bson_concat(bson_, other.bson_);
        return *this;
    }

private:
    explicit Bson(bson_t* owned) : bson_(owned) {}
    static int Size(std::string_view text) { return static_cast<int>(text.size()); }

    bson_t* bson_;
};

// A look at bytes that stay where they are. Bytes that are no document end the program: every
// document was read or made by us.
inline bson_t ViewOf(std::string_view bytes) {
    bson_t view;
    auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
    BARRACUDA_CHECK(bson_init_static(&view, data, bytes.size()));
    return view;
}

}  // namespace barracuda::store
