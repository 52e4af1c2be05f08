#include "api/json_input.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <cmath>

#include "base/text.h"
#include "domain/bson.h"

namespace barracuda::api {

namespace {

namespace json = boost::json;

// Collects the top level of one object; what lies deeper is only counted.
struct TopLevel {
    using View = json::string_view;
    using Code = json::error_code;
    static constexpr size_t max_object_size = size_t(-1);
    static constexpr size_t kFieldsMax = 1024;  // of the object itself; what is below has bytes
    static constexpr size_t max_array_size = size_t(-1);
    static constexpr size_t max_key_size = 4096;
    static constexpr size_t max_string_size = size_t(-1);

    std::map<std::string, Value, std::less<>> values;
    std::string key, part;
    std::optional<std::string> twice;
    int depth = 0;
    size_t fields = 0;
    bool object = false;

    void Put(Value::Kind kind, std::string text) {
        if (depth != 1) return;
        Value value{.kind = kind, .text = std::move(text)};
        if (!values.emplace(key, std::move(value)).second && !twice) twice = key;
    }
    bool Append(View text) {
        if (depth == 1) part.append(text.data(), text.size());
        return true;
    }
    std::string TakePart(View rest) {
        Append(rest);
        return std::exchange(part, {});
    }

    bool on_document_begin(Code&) { return true; }
    bool on_document_end(Code&) { return true; }
    bool on_object_begin(Code&) {
        if (depth == 0) object = true;
        if (object) Put(Value::Kind::kObject, {});
        ++depth;
        return true;
    }
    bool on_object_end(size_t, Code&) { return --depth, true; }
    bool on_array_begin(Code&) {
        if (object) Put(Value::Kind::kArray, {});
        ++depth;
        return true;
    }
    bool on_array_end(size_t, Code&) { return --depth, true; }
    bool on_key_part(View text, size_t, Code&) { return Append(text); }
    bool on_key(View text, size_t, Code& code) {
        std::string whole = TakePart(text);
        if (depth != 1) return true;
        key = std::move(whole);
        if (++fields > kFieldsMax) code = json::error::object_too_large;
        return !code;
    }
    bool on_string_part(View text, size_t, Code&) { return Append(text); }
    bool on_string(View text, size_t, Code&) {
        Put(Value::Kind::kText, TakePart(text));
        return true;
    }
    bool on_number_part(View text, Code&) { return Append(text); }
    bool on_int64(int64_t, View text, Code&) { return Number(text); }
    bool on_uint64(uint64_t, View text, Code&) { return Number(text); }
    bool on_double(double, View text, Code&) { return Number(text); }
    bool Number(View text) {
        Put(Value::Kind::kNumber, TakePart(text));
        return true;
    }
    bool on_bool(bool value, Code&) {
        Put(Value::Kind::kBool, value ? "true" : "false");
        return true;
    }
    bool on_null(Code&) {
        Put(Value::Kind::kNull, {});
        return true;
    }
    bool on_comment_part(View, Code&) { return true; }
    bool on_comment(View, Code&) { return true; }
};

bool AppendBson(bson_t& to, std::string_view key, const json::value& value, int depth);

bool AppendContainer(bson_t& child, const json::value& value, int depth) {
    bool sound = true;
    if (value.is_object()) {
        for (const auto& member : value.get_object()) {
            std::string_view name(member.key().data(), member.key().size());
            if (name.empty() || name.find('\0') != std::string_view::npos) return false;
            sound = sound && AppendBson(child, name, member.value(), depth + 1);
        }
    } else {
        size_t i = 0;
        for (const auto& item : value.get_array()) {
            sound = sound && AppendBson(child, fmt::format_int(i++).c_str(), item, depth + 1);
        }
    }
    return sound;
}

bool AppendBson(bson_t& to, std::string_view key, const json::value& value, int depth) {
    const bool level = value.is_object() || value.is_array();  // a plain value is none
    if (level && depth > Reader::kMetadataDepthMax) return false;
    int size = static_cast<int>(key.size());
    switch (value.kind()) {
        case json::kind::null:
            return bson_append_null(&to, key.data(), size);
        case json::kind::bool_:
            return bson_append_bool(&to, key.data(), size, value.get_bool());
        case json::kind::int64:
            return bson_append_int64(&to, key.data(), size, value.get_int64());
        case json::kind::uint64:
            return bson_append_double(&to, key.data(), size, double(value.get_uint64()));
        case json::kind::double_:
            // 1e400 is a number of JSON and none of ours.
            return std::isfinite(value.get_double()) &&
                   bson_append_double(&to, key.data(), size, value.get_double());
        case json::kind::string: {
            const auto& text = value.get_string();
            return bson_append_utf8(&to, key.data(), size, text.data(), int(text.size()));
        }
        default: {
            bson_t child;
            bson_init(&child);
            bool sound = AppendContainer(child, value, depth);
            sound =
                sound && (value.is_object() ? bson_append_document(&to, key.data(), size, &child)
                                            : bson_append_array(&to, key.data(), size, &child));
            bson_destroy(&child);
            return sound;
        }
    }
}

// The metadata object as BSON; empty when too deep, a key is empty or a number beyond a double.
std::string MetadataOf(std::string_view text) {
    json::error_code code;
    json::value whole = json::parse({text.data(), text.size()}, code);
    if (code) return {};
    bson_t bson;
    bson_init(&bson);
    bool sound = AppendContainer(bson, whole.get_object()["metadata"], 1);
    std::string bytes;
    if (sound) bytes.assign(reinterpret_cast<const char*>(bson_get_data(&bson)), bson.len);
    bson_destroy(&bson);
    return bytes;
}

}  // namespace

Result<Input> ParseJsonInput(std::string_view text) {
    if (text.empty()) {
        return Fail(ErrorCode::kInvalid, "the body is empty: a JSON object is needed", "body");
    }
    json::parse_options options;
    options.max_depth = 64;
    json::basic_parser<TopLevel> parser(options);
    json::error_code code;
    size_t used = parser.write_some(false, text.data(), text.size(), code);
    if (!code) used = std::min(text.find_first_not_of(" \t\r\n", used), text.size());
    TopLevel& top = parser.handler();
    if (code || used != text.size()) {
        // An invalid character is found inside a value: the last key read names its field.
        std::string what = code ? code.message() : "more after its end";
        std::string near = top.key.empty() ? "" : fmt::format(" at {}", CutUtf8(top.key, 64));
        return Fail(ErrorCode::kInvalid, "the body is not valid JSON" + near + ": " + what, "body");
    }
    if (!top.object) return Fail(ErrorCode::kInvalid, "the body must be a JSON object", "body");
    if (top.twice) return Fail(GivenTwice(*top.twice));
    Input input;
    input.all() = std::move(top.values);
    auto metadata = input.all().find("metadata");
    if (metadata != input.all().end() && metadata->second.kind == Value::Kind::kObject) {
        metadata->second.text = MetadataOf(text);
    }
    return input;
}

}  // namespace barracuda::api
