#include "api/json_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <cmath>
#include <set>
#include <vector>

#include "api/json_line.h"
#include "api/reader.h"
#include "base/text.h"
#include "base/unseen.h"
#include "domain/bson.h"

namespace barracuda::api {

namespace {

namespace json = boost::json;

// Takes every event of the parser and does nothing. A handler hides those that it listens to; sizes
// are bounded by the body's.
struct Silent {
    using View = json::string_view;
    using Code = json::error_code;
    static constexpr size_t max_object_size = size_t(-1);
    static constexpr size_t max_array_size = size_t(-1);
    static constexpr size_t max_key_size = size_t(-1);
    static constexpr size_t max_string_size = size_t(-1);

    bool on_document_begin(Code&) { return true; }
    bool on_document_end(Code&) { return true; }
    bool on_key_part(View, size_t, Code&) { return true; }
    bool on_string_part(View, size_t, Code&) { return true; }
    bool on_string(View, size_t, Code&) { return true; }
    bool on_number_part(View, Code&) { return true; }
    bool on_int64(int64_t, View, Code&) { return true; }
    bool on_uint64(uint64_t, View, Code&) { return true; }
    bool on_double(double, View, Code&) { return true; }
    bool on_bool(bool, Code&) { return true; }
    bool on_null(Code&) { return true; }
    bool on_comment_part(View, Code&) { return true; }
    bool on_comment(View, Code&) { return true; }
};

// Collects the top level of one object; what lies deeper is only counted.
struct TopLevel : Silent {
    Input input;
    std::string key, part;
    int depth = 0;
    size_t fields = 0;
    bool object = false;

    void Put(Value::Kind kind, std::string text) {
        if (depth == 1 && object) input.Add(key, {.kind = kind, .text = std::move(text)});
    }
    bool Append(View text) {
        if (depth == 1) part.append(text.data(), text.size());
        return true;
    }
    std::string TakePart(View rest) {
        Append(rest);
        return std::exchange(part, {});
    }

    bool on_object_begin(Code&) {
        if (depth == 0) object = true;
        Put(Value::Kind::kObject, {});
        ++depth;
        return true;
    }
    bool on_object_end(size_t, Code&) { return --depth, true; }
    bool on_array_begin(Code&) { return ++depth, true; }
    bool on_array_end(size_t size, Code&) {
        --depth;
        Put(Value::Kind::kArray, size == 0 ? "[]" : "");
        return true;
    }
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
};

// Follows the names of objects at every depth and stops at the first that one object has twice: a
// tree would keep one of the two values and say nothing.
struct NamesTwice : Silent {
    struct Level {
        std::set<std::string> names = {};
        std::string last = {};  // the member under way; empty in an array
    };
    std::vector<Level> levels;
    std::string part, twice;  // `twice`: "postback.url"

    bool on_object_begin(Code&) { return levels.emplace_back(), true; }
    bool on_object_end(size_t, Code&) { return levels.pop_back(), true; }
    bool on_array_begin(Code&) { return levels.emplace_back(), true; }
    bool on_array_end(size_t, Code&) { return levels.pop_back(), true; }
    bool on_key_part(View text, size_t, Code&) {
        part.append(text.data(), text.size());
        return true;
    }
    bool on_key(View text, size_t, Code& code) {
        part.append(text.data(), text.size());
        levels.back().last = std::exchange(part, {});
        if (levels.back().names.insert(levels.back().last).second) return true;
        for (const Level& level : levels) {
            if (!twice.empty() && !level.last.empty()) twice += '.';
            twice += CutUtf8(level.last, 64);
        }
        code = json::error::syntax;
        return false;
    }
};

bool AppendBson(bson_t& to, std::string_view key, const json::value& value, int depth);

bool AppendContainer(bson_t& child, const json::value& value, int depth) {
    bool sound = true;
    if (value.is_object()) {
        for (const auto& member : value.get_object()) {
            std::string_view name(member.key().data(), member.key().size());
            if (name.empty() || !IsUtf8(name)) return false;
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
            if (!IsUtf8({text.data(), text.size()}, Nul::kTaken)) return false;
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

constexpr size_t kDepthMax = 64;
static_assert(Reader::kMetadataDepthMax < kDepthMax);  // else its own bound would never be told

// Text that is no UTF-8 is wrong where it is read.
json::parse_options Options(size_t depth_max) {
    json::parse_options options;
    options.max_depth = depth_max;
    options.allow_invalid_utf8 = true;
    return options;
}

// The metadata object as BSON; empty when too deep, a key is empty, a number beyond a double or
// text no UTF-8.
std::string MetadataOf(std::string_view text) {
    json::error_code code;
    json::value whole = json::parse({text.data(), text.size()}, code, {}, Options(kDepthMax));
    if (code) return {};
    bson_t bson;
    bson_init(&bson);
    bool sound = AppendContainer(bson, whole.get_object()["metadata"], 1);
    std::string bytes;
    if (sound) bytes.assign(reinterpret_cast<const char*>(bson_get_data(&bson)), bson.len);
    bson_destroy(&bson);
    return bytes;
}

// The format that a body has instead of JSON, for its sender to see. Empty: it is only bad JSON.
std::string WhatElse(const http::Request& request, std::string_view body) {
    constexpr const char* kTaken =
        "send JSON or a form (application/x-www-form-urlencoded or multipart/form-data)";
    auto begins = [&](std::initializer_list<std::string_view> marks) {
        return std::any_of(marks.begin(), marks.end(), [&](auto m) { return body.starts_with(m); });
    };
    const bool two_bytes = body.size() > 1 && (body[0] == '\0') != (body[1] == '\0');
    if (two_bytes || begins({"\xFF\xFE", "\xFE\xFF"})) return "the body is UTF-16: send UTF-8";
    if (begins({"\x1F\x8B", "\x28\xB5\x2F\xFD"})) return "the body is compressed: send it as it is";
    const std::string_view header = request.Header("content-type").value_or("");
    const std::string type = Lower(Trim(header.substr(0, header.find(';'))));
    const bool json = type.empty() || type == "text/plain" || type.ends_with("json");
    const bool form = type == "application/x-www-form-urlencoded";
    if (!json && !form)
        return fmt::format("{} is not taken: {}", CutUtf8(CleanUtf8(type), 64), kTaken);
    const size_t equals = body.find('=');
    const size_t other = body.find_first_of("{[\"<>:, \t\r\n");
    if (equals == std::string_view::npos || equals == 0 || other < equals) return {};
    return "the body is a form and not JSON: say Content-Type: application/x-www-form-urlencoded";
}

std::string NoJson(const char* name, size_t at, std::string_view key, std::string_view what) {
    // The fault is inside a value: the last key read names its field.
    std::string near = key.empty() ? "" : fmt::format(", at {}", CleanUtf8(CutUtf8(key, 64)));
    return fmt::format("the {} is not valid JSON at byte {}{}: {}", name, at, near, what);
}

Error BadJson(
    const http::Request& request,
    std::string_view body,
    size_t at,
    std::string_view key,
    std::string_view what
) {
    std::string message = WhatElse(request, body);
    if (message.empty()) {
        const size_t mark = request.body.size() - body.size();
        message = NoJson("body", at + mark, key, what);
    }
    return {ErrorCode::kInvalid, std::move(message), "body"};
}

Error EmptyBody() {
    return {ErrorCode::kInvalid, "the body is empty: a JSON object is needed", "body"};
}

}  // namespace

namespace {

// Where and why a text is no JSON.
struct BadPlace {
    size_t at = 0;
    std::string key = {};  // the last one read
    std::string what = {};
};

// `name`: "body" or "line". kInternal: it is no JSON, and `bad` says why.
Result<Input> ReadTopLevel(std::string_view text, const char* name, BadPlace& bad) {
    json::basic_parser<TopLevel> parser(Options(kDepthMax));
    json::error_code code;
    size_t used = parser.write_some(false, text.data(), text.size(), code);
    if (!code) used = std::min(text.find_first_not_of(" \t\r\n", used), text.size());
    TopLevel& top = parser.handler();
    if (code == json::error::object_too_large) {
        return Fail(
            ErrorCode::kInvalid,
            fmt::format("the {} has more than {} fields", name, kFieldsMax),
            name
        );
    }
    if (code || used != text.size()) {
        bad = {used, top.key, code ? code.message() : "more after its end"};
        return Fail(ErrorCode::kInternal, bad.what, name);
    }
    if (!top.object) {
        return Fail(ErrorCode::kInvalid, fmt::format("the {} must be a JSON object", name), name);
    }
    Input input = std::move(top.input);
    Value* metadata = input.Change("metadata");
    if (metadata && metadata->kind == Value::Kind::kObject) metadata->text = MetadataOf(text);
    return input;
}

}  // namespace

Result<Input> ParseJsonInput(const http::Request& request) {
    const std::string_view text = SkipByteOrderMark(request.body);
    if (text.empty()) return Fail(EmptyBody());
    BadPlace bad;
    auto input = ReadTopLevel(text, "body", bad);
    if (input || input.error().code != ErrorCode::kInternal) return input;
    return Fail(BadJson(request, text, bad.at, bad.key, bad.what));
}

Result<Input> ParseJsonLine(std::string_view line) {
    BadPlace bad;
    auto input = ReadTopLevel(line, "line", bad);
    if (input || input.error().code != ErrorCode::kInternal) return input;
    return Fail(ErrorCode::kInvalid, NoJson("line", bad.at, bad.key, bad.what), "line");
}

Result<json::object> ParseJsonObject(const http::Request& request) {
    constexpr size_t kTreeDepthMax = 16;
    static_assert(kTreeDepthMax <= kDepthMax);
    const std::string_view text = SkipByteOrderMark(request.body);
    if (text.empty()) return Fail(EmptyBody());
    json::parse_options options;
    options.max_depth = kTreeDepthMax;
    json::stream_parser parser({}, options);
    json::error_code code;
    size_t used = parser.write_some(text.data(), text.size(), code);
    if (!code && used != text.size())
        return Fail(BadJson(request, text, used, "", "more after its end"));
    if (!code) parser.finish(code);
    if (code) return Fail(BadJson(request, text, used, "", code.message()));
    auto whole = parser.release();
    if (!whole.is_object())
        return Fail(ErrorCode::kInvalid, "the body must be a JSON object", "body");
    json::basic_parser<NamesTwice> names(options);
    names.write_some(false, text.data(), text.size(), code);
    if (const std::string& twice = names.handler().twice; !twice.empty())
        return Fail(ErrorCode::kInvalid, fmt::format("{} is given twice", CleanUtf8(twice)), twice);
    return std::move(whole.get_object());
}

}  // namespace barracuda::api
