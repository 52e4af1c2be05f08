// Answers as JSON. Sums of money are written digit for digit, never through a double: Boost.JSON,
// which reads and writes all other JSON here, has no value for the digits of a number, and would
// build a tree only to throw it away.
//
// Threads: any; nothing is kept.
#pragma once

#include <string>
#include <string_view>

#include "api/service.h"

namespace barracuda::api {

// Builds one JSON object in order of the calls.
//
//     JsonObject data;
//     data.Text("id", id).Raw("amount", money.Text()).Bool("isDuplicate", true);
class JsonObject {
public:
    // `name` is a literal, or escaped by JsonName; values are escaped here, but for Raw's.
    JsonObject& Text(std::string_view name, std::string_view value);
    JsonObject& TextOrNull(std::string_view name, std::string_view value);  // empty: null
    JsonObject& Raw(std::string_view name, std::string_view json);          // number, array, object
    // A stored sum: a number, or the text it is where others stored one that is no number.
    JsonObject& Amount(std::string_view name, std::string_view value);
    JsonObject& Bool(std::string_view name, bool value);
    JsonObject& Int(std::string_view name, int64_t value);
    JsonObject& List(std::string_view name, const class JsonList& value);
    JsonObject& Object(std::string_view name, const JsonObject& value) {
        return Raw(name, value.Done());
    }
    std::string Done() const { return text_.empty() ? "{}" : text_ + "}"; }

private:
    void Name(std::string_view name);
    std::string text_;
};

std::string JsonText(std::string_view text);  // quoted and escaped

// Builds one JSON array in order of the calls.
class JsonList {
public:
    JsonList& Raw(std::string_view json);
    JsonList& Text(std::string_view value) { return Raw(JsonText(value)); }
    JsonList& Object(const JsonObject& value) { return Raw(value.Done()); }
    std::string Done() const { return "[" + items_ + "]"; }
    size_t size() const { return size_; }

private:
    std::string items_;
    size_t size_ = 0;
};
std::string JsonName(std::string_view text);  // escaped: a name that comes from data

// `reason`: for the logs, where it is no success.
http::Response JsonResponse(int status, const JsonObject& body, std::string reason = {});
http::Response DataAnswer(const JsonObject& data);  // 200 {success, data}
http::Response DataAnswer(const JsonList& data);
http::Response Saying(std::string_view message);  // 200 {success, message}
http::Response Conflict(std::string message);     // 409
http::Response NotFound(std::string_view what);   // 404 "there is no such <what>"
http::Response BadRequest(const Error& error);    // 400, `field` where one is to blame
http::Response Overloaded();                      // 503 with Retry-After

// Runs `query` on a query thread, or answers Overloaded.
void RunQuery(QueryPool& queries, const std::shared_ptr<Call>& call, std::function<void()> query);

}  // namespace barracuda::api
