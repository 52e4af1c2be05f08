#include "api/respond.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "api/query_pool.h"
#include "base/check.h"
#include "base/fault.h"
#include "base/text.h"

namespace barracuda::api {

namespace {

// ASCII that stands for itself.
constexpr auto kPlain = [] {
    std::array<bool, 256> is{};
    for (unsigned char c = 0x20; c < 0x7f; ++c) is[c] = c != '"' && c != '\\';
    return is;
}();

void AppendEscape(std::string& out, unsigned char c) {
    static constexpr char kHex[] = "0123456789abcdef";
    if (c == '"' || c == '\\') {
        out.push_back('\\');
        out.push_back(static_cast<char>(c));
    } else if (c == '\n') {
        out += "\\n";
    } else {
        out += "\\u00";
        out.push_back(kHex[c >> 4]);
        out.push_back(kHex[c & 15]);
    }
}

void AppendQuoted(std::string& out, std::string_view text) {
    const auto plain = [](char c) { return kPlain[static_cast<unsigned char>(c)]; };
    out.push_back('"');
    const auto odd = std::find_if_not(text.begin(), text.end(), plain);
    out.append(text.begin(), odd);  // nearly always the whole text
    std::string cleaned;
    if (odd != text.end()) {
        // An adopted document's text may not be UTF-8, and JSON must be.
        text.remove_prefix(static_cast<size_t>(odd - text.begin()));
        if (!IsUtf8(text)) text = cleaned = CleanUtf8(text);
        for (char c : text) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte >= 0x80 || kPlain[byte]) {
                out.push_back(c);
            } else {
                AppendEscape(out, byte);
            }
        }
    }
    out.push_back('"');
}

}  // namespace

std::string JsonText(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 2);
    AppendQuoted(out, text);
    return out;
}

std::string JsonName(std::string_view text) {
    std::string quoted = JsonText(text);
    return quoted.substr(1, quoted.size() - 2);
}

void JsonObject::Name(std::string_view name) {
    constexpr size_t kUsual = 256;  // bytes of an answer
    if (text_.empty()) text_.reserve(kUsual);
    text_.append(text_.empty() ? "{\"" : ",\"", 2).append(name).append("\":", 2);
}
JsonObject& JsonObject::Text(std::string_view name, std::string_view value) {
    Name(name);
    AppendQuoted(text_, value);
    return *this;
}
JsonObject& JsonObject::TextOrNull(std::string_view name, std::string_view value) {
    return value.empty() ? Raw(name, "null") : Text(name, value);
}
JsonObject& JsonObject::Raw(std::string_view name, std::string_view json) {
    Name(name);
    text_ += json;
    return *this;
}
JsonObject& JsonObject::Amount(std::string_view name, std::string_view value) {
    return Money::Parse(value) ? Raw(name, value) : Text(name, value);
}
JsonObject& JsonObject::Bool(std::string_view name, bool value) {
    return Raw(name, value ? "true" : "false");
}
JsonObject& JsonObject::Int(std::string_view name, int64_t value) {
    return Raw(name, fmt::format_int(value).c_str());
}

JsonObject& JsonObject::List(std::string_view name, const JsonList& value) {
    return Raw(name, value.Done());
}

JsonList& JsonList::Raw(std::string_view json) {
    if (size_++ > 0) items_ += ',';
    items_ += json;
    return *this;
}

http::Response JsonResponse(int status, const JsonObject& body, std::string reason) {
    http::Response response;
    response.reason = std::move(reason);
    response.status = status;
    response.body = body.Done();
    return response;
}

int StatusOf(ErrorCode code) {
    switch (code) {
        case ErrorCode::kInvalid:
            return 400;
        case ErrorCode::kUnauthorized:
            return 401;
        case ErrorCode::kForbidden:
            return 403;
        case ErrorCode::kNotFound:
            return 404;
        case ErrorCode::kConflict:
            return 409;
        case ErrorCode::kLimited:
            return 429;
        case ErrorCode::kUpstream:
            return 502;
        case ErrorCode::kUnavailable:
        case ErrorCode::kInternal:
            break;
    }
    return 503;
}

http::Response ErrorResponse(const Error& error) {
    const int status = StatusOf(error.code);
    BARRACUDA_CHECK(status >= 400);
    bool inside = status == 503;
    auto response =
        status == 400
            ? BadRequest(error)
            : http::JsonError(status, inside ? "not available now, try again" : error.message);
    if (inside) response.reason = WithCause(error);
    if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
}

http::Response DataAnswer(const JsonObject& data) {
    return JsonResponse(200, JsonObject().Bool("success", true).Object("data", data));
}
http::Response DataAnswer(const JsonList& data) {
    return JsonResponse(200, JsonObject().Bool("success", true).List("data", data));
}
http::Response Saying(std::string_view message) {
    return JsonResponse(200, JsonObject().Bool("success", true).Text("message", message));
}
http::Response Conflict(std::string message) {
    return ErrorResponse({ErrorCode::kConflict, std::move(message), {}});
}
http::Response NotFound(std::string_view what) {
    return ErrorResponse({ErrorCode::kNotFound, fmt::format("there is no such {}", what), {}});
}
http::Response BadRequest(const Error& error) {
    JsonObject body;
    body.Bool("success", false).Text("message", error.message);
    if (!error.where.empty()) body.Text("field", error.where);
    return JsonResponse(400, body, error.message);
}

void RunQuery(QueryPool& queries, const std::shared_ptr<Call>& call, std::function<void()> query) {
    BARRACUDA_CHECK(query && call->answers);
    auto guarded = [call, query = std::move(query)] {
        try {
            query();
        } catch (const std::exception& thrown) {
            call->answers->Threw(*call, thrown.what());
        }
    };
    if (!queries.Run(std::move(guarded))) call->respond(Overloaded());
}

http::Response Overloaded() {
    return http::JsonError(503, "too many requests wait already, try again");
}

}  // namespace barracuda::api
