// A request's values by name, whatever form they came in: JSON object, query string or form body.
// Numbers keep their digits (5 and "5" are one id; 5.0 is none), so nothing is read through a
// double.
//
//     auto input = Input::OfBody(request);          // or OfQuery
//     Reader reader(*input);
//     auto click = reader.RequiredId("click_id");
//     auto amount = reader.Money("amount");
//     if (reader.error()) return BadRequest(*reader.error());   // names the first bad field
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/money.h"
#include "base/result.h"
#include "domain/fields.h"
#include "http/request.h"

namespace barracuda::api {

struct Value {
    enum class Kind { kText, kNumber, kBool, kNull, kObject, kArray };
    Kind kind = Kind::kNull;
    std::string text;  // text, the number's own digits, "true"/"false"; BSON bytes of `metadata`
    bool numeric = false;
};

Error GivenTwice(std::string_view name);

class Input {
public:
    // Errors are kInvalid: malformed JSON, no object, a name given twice, invalid UTF-8.
    static Result<Input> OfQuery(const http::Request& request);
    static Result<Input> OfBody(const http::Request& request);  // JSON, or a form by content type
    static Result<Input> OfJson(std::string_view text);

    const Value* Find(std::string_view name) const;
    const std::map<std::string, Value, std::less<>>& all() const { return values_; }
    std::map<std::string, Value, std::less<>>& all() { return values_; }

private:
    std::map<std::string, Value, std::less<>> values_;
};

// Bounds and rules of contract.md "Everywhere"; keeps the first error and answers defaults after
// it.
class Reader {
public:
    static constexpr size_t kTextBytesMax = 4096;
    static constexpr size_t kMetadataBytesMax = 16 * 1024;
    static constexpr int kMetadataDepthMax = 16;

    explicit Reader(const Input& input) : input_(input) {}

    std::string RequiredId(std::string_view name);
    std::string Id(std::string_view name);    // empty: absent
    std::string Text(std::string_view name);  // empty: absent
    std::string RequiredText(std::string_view name);
    std::optional<Money> Amount(std::string_view name);
    std::optional<std::string> Bool(std::string_view name);
    size_t Count(std::string_view name, size_t otherwise);  // a whole number from 1

    // The common optional fields of contract.md, metadata included, into `to`.
    void Common(domain::Fields& to);

    void Refuse(std::string_view name, std::string_view what);
    const std::optional<Error>& error() const { return error_; }

private:
    const Value* Scalar(std::string_view name);
    std::string CommonText(const domain::FieldInfo& info);
    std::string ObjectBytes(std::string_view name);
    std::string Currency(std::string_view name);

    const Input& input_;
    std::optional<Error> error_;
};

}  // namespace barracuda::api
