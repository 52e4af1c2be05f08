#include "api/respond.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/query_pool.h"
#include "base/check.h"
#include "base/fault.h"
#include "base/text.h"

namespace barracuda::api {

std::string JsonText(std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    // An adopted document's text may not be UTF-8, and JSON must be.
    std::string cleaned;
    auto plain = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (!std::all_of(text.begin(), text.end(), plain) && !IsUtf8(text)) {
        cleaned = CleanUtf8(text);
        text = cleaned;
    }
    std::string out = "\"";
    out.reserve(text.size() + 2);
    const auto stands_for_itself = [](unsigned char c) {
        return c >= 0x20 && c != 0x7f && c != '"' && c != '\\';
    };
    for (auto at = text.begin(); at != text.end();) {
        const auto end = std::find_if_not(at, text.end(), stands_for_itself);
        out.append(at, end);  // nearly always the whole text
        if (end == text.end()) break;
        const auto c = static_cast<unsigned char>(*end);
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(*end);
        } else if (c == '\n') {
            out += "\\n";
        } else {
            out += "\\u00";
            out.push_back(kHex[c >> 4]);
            out.push_back(kHex[c & 15]);
        }
        at = end + 1;
    }
    out.push_back('"');
    return out;
}

std::string JsonName(std::string_view text) {
    std::string quoted = JsonText(text);
    return quoted.substr(1, quoted.size() - 2);
}

void JsonObject::Name(std::string_view name) {
    text_ += text_.empty() ? "{" : ",";
    text_ += '"';
    text_ += name;
    text_ += "\":";
}
JsonObject& JsonObject::Text(std::string_view name, std::string_view value) {
    return Raw(name, JsonText(value));
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
