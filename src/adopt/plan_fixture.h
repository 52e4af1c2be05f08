// Documents of the seed for the adoption's tests: written as JSON.
#pragma once

#include <gtest/gtest.h>

#include "domain/bson.h"

namespace barracuda::adopt {

inline std::string Bson(std::string_view json) {
    bson_error_t error = {};
    bson_t* parsed = bson_new_from_json(
        reinterpret_cast<const uint8_t*>(json.data()), static_cast<ssize_t>(json.size()), &error
    );
    EXPECT_NE(parsed, nullptr) << json << ": " << error.message;
    if (!parsed) return {};
    std::string bytes(reinterpret_cast<const char*>(bson_get_data(parsed)), parsed->len);
    bson_destroy(parsed);
    return bytes;
}

inline std::string Json(std::string_view bson) {
    bson_t view;
    if (!bson_init_static(&view, reinterpret_cast<const uint8_t*>(bson.data()), bson.size())) {
        return "no BSON";
    }
    char* text = bson_as_relaxed_extended_json(&view, nullptr);
    std::string json = text;
    bson_free(text);
    return json;
}

// A document of the seed: an `_id` that ends in `number`, made at that many seconds, and `fields`.
inline std::string Seed(int number, std::string_view fields) {
    char head[160];
    snprintf(
        head,
        sizeof head,
        R"({"_id":{"$oid":"65a0000000000000000000%02x"},"createdAt":{"$date":%d},)",
        number,
        1'700'000'000 + number
    );
    return Bson(std::string(head) + std::string(fields) + "}");
}

// What `update` makes of `stored`, as the server would.
inline std::string Applied(std::string_view stored, std::string_view update) {
    if (update.empty()) return std::string(stored);
    const domain::TopFields changes(update);
    const std::string set(changes.Bytes("$set")), unset(changes.Bytes("$unset"));
    const domain::TopFields sets(set), unsets(unset);
    domain::BsonWriter to;
    bson_iter_t at;
    auto each = [&](std::string_view bson, auto visit) {
        if (bson.empty()) return;
        bson_iter_init_from_data(&at, reinterpret_cast<const uint8_t*>(bson.data()), bson.size());
        while (bson_iter_next(&at)) visit(std::string_view(bson_iter_key(&at)));
    };
    each(stored, [&](std::string_view key) {
        if (!sets.Find(key) && !unsets.Find(key)) to.Element(at);
    });
    each(set, [&](std::string_view) { to.Element(at); });
    return to.Take();
}

}  // namespace barracuda::adopt
