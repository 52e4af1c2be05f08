#include "api/input.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/json_input.h"
#include "base/text.h"
#include "domain/given_id.h"

namespace barracuda::api {

namespace {

// Names the parameter whose escape is invalid. A macro such as %click_id% is one where it was not
// replaced, as it stands there unescaped.
Error BadEscape(std::string_view raw) {
    while (!raw.empty()) {
        const size_t end = std::min(raw.find('&'), raw.size());
        const std::string_view piece = raw.substr(0, end);
        raw.remove_prefix(std::min(end + 1, raw.size()));
        const size_t equals = std::min(piece.find('='), piece.size());
        std::string name, value;
        if (!http::PercentDecode(piece.substr(0, equals), true, name) || !IsUtf8(name)) break;
        const auto given = piece.substr(std::min(equals + 1, piece.size()));
        if (http::PercentDecode(given, true, value)) continue;
        std::string shown(CutUtf8(name, 64));
        std::string what = domain::IsMacro(given) ? std::string(domain::ProblemOfId(given))
                                                  : "has an invalid %-escape";
        return {ErrorCode::kInvalid, fmt::format("{} {}", shown, what), shown};
    }
    return {ErrorCode::kInvalid, "the name of a parameter has an invalid %-escape", "query"};
}

// `raw`: what the pairs were read from.
Result<Input> OfPairs(const http::Pairs& pairs, bool malformed, std::string_view raw) {
    if (malformed) return Fail(BadEscape(raw));
    Input input;
    for (const auto& [name, value] : pairs) {
        if (!IsUtf8(name)) return Fail(ErrorCode::kInvalid, "a parameter's name is not UTF-8");
        Value entry{.kind = Value::Kind::kText, .text = value};
        if (!input.all().emplace(name, std::move(entry)).second) {
            return Fail(GivenTwice(name));
        }
    }
    return input;
}

// A form by its content type; but curl says that of whatever -d has, and an object is no form.
bool IsForm(const http::Request& request) {
    auto type = request.Header("content-type");
    return type && Lower(*type).starts_with("application/x-www-form-urlencoded") &&
           !Trim(request.body).starts_with('{');
}

}  // namespace

Error GivenTwice(std::string_view name) {
    std::string shown(CutUtf8(name, 64));
    std::string what = shown.empty() ? "a field without a name" : shown;
    return {ErrorCode::kInvalid, what + " is given twice", shown};
}

Result<Input> Input::OfQuery(const http::Request& request) {
    const std::string_view target = request.target;
    const size_t mark = std::min(target.find('?'), target.size() - 1);
    return OfPairs(request.query, request.malformed_query, target.substr(mark + 1));
}

Result<Input> Input::OfJson(std::string_view text) { return ParseJsonInput(text); }

Result<Input> Input::OfBody(const http::Request& request) {
    if (!IsForm(request)) return OfJson(request.body);
    http::Pairs pairs;
    bool sound = http::ParseQuery(request.body, pairs);
    return OfPairs(pairs, !sound, request.body);
}

const Value* Input::Find(std::string_view name) const {
    auto at = values_.find(name);
    if (at == values_.end() || at->second.kind == Value::Kind::kNull) return nullptr;
    if (at->second.kind == Value::Kind::kText && at->second.text.empty()) return nullptr;
    return &at->second;
}

void Reader::Refuse(std::string_view name, std::string_view what) {
    if (error_) return;
    error_ = Error{ErrorCode::kInvalid, fmt::format("{} {}", name, what), std::string(name)};
}

const Value* Reader::Scalar(std::string_view name) {
    const Value* value = input_.Find(name);
    if (!value) return nullptr;
    if (value->kind == Value::Kind::kObject || value->kind == Value::Kind::kArray) {
        Refuse(name, "must be a plain value, not an object or a list");
        return nullptr;
    }
    return value;
}

std::string Reader::Id(std::string_view name) {
    const Value* value = Scalar(name);
    if (!value) return {};
    const std::string& text = value->text;
    if (value->kind == Value::Kind::kBool) {
        Refuse(name, "must be a string or a whole number");
    } else if (value->kind == Value::Kind::kNumber && text.find_first_not_of("-0123456789") != std::string::npos) {
        Refuse(name, "must be a string or a whole number");
    } else if (auto problem = domain::ProblemOfId(text); !problem.empty()) {
        Refuse(name, problem);
    } else {
        return text;
    }
    return {};
}

std::string Reader::RequiredId(std::string_view name) {
    std::string id = Id(name);
    if (id.empty()) Refuse(name, "is required");
    return id;
}

std::string Reader::Text(std::string_view name) {
    const Value* value = Scalar(name);
    if (!value) return {};
    if (value->text.size() > kTextBytesMax) {
        Refuse(name, "is longer than 4096 bytes");
    } else if (!IsUtf8(value->text)) {
        Refuse(name, "is not valid UTF-8");
    } else {
        return value->text;
    }
    return {};
}

std::string Reader::RequiredText(std::string_view name) {
    std::string text = Text(name);
    if (text.empty()) Refuse(name, "is required");
    return text;
}

std::optional<Money> Reader::Amount(std::string_view name) {
    const Value* value = Scalar(name);
    if (!value) return std::nullopt;
    if (value->kind == Value::Kind::kBool) {
        Refuse(name, "must be a number that is not negative");
        return std::nullopt;
    }
    auto money = Money::Parse(value->text);
    if (!money) {
        Refuse(name, money.error().message);
        return std::nullopt;
    }
    return *money;
}

std::optional<std::string> Reader::Bool(std::string_view name) {
    const Value* value = Scalar(name);
    if (!value) return std::nullopt;
    const std::string& text = value->text;
    if (text == "true" || text == "1") return "true";
    if (text == "false" || text == "0") return "false";
    Refuse(name, "must be true or false");
    return std::nullopt;
}

size_t Reader::Count(std::string_view name, size_t otherwise) {
    std::string text = Text(name);
    if (text.empty()) return otherwise;
    bool digits = text.size() <= 9 && text.find_first_not_of("0123456789") == std::string::npos;
    size_t value = digits ? std::stoul(text) : 0;
    if (value < 1) Refuse(name, "must be a whole number from 1");
    return std::max<size_t>(value, 1);
}

// By what was given, not by what could be: most requests give two or three of the thirty.
void Reader::Common(domain::Fields& to) {
    using domain::Field;
    for (const auto& [name, value] : input_.all()) {
        auto field = domain::FieldNamed(name);
        if (!field) continue;
        bool own =
            *field <= Field::kRevenue || *field == Field::kUnique || *field == Field::kClickHash;
        if (own) continue;  // read by the routes that have them
        std::string text = CommonText(domain::InfoOf(*field));
        if (!text.empty()) to.Set(*field, std::move(text));
    }
}

std::string Reader::CommonText(const domain::FieldInfo& info) {
    using domain::Field;
    if (info.type == domain::FieldType::kBool) return Bool(info.name).value_or("");
    if (info.type == domain::FieldType::kObject) return ObjectBytes(info.name);
    switch (info.field) {
        case Field::kSub1:
        case Field::kTransactionId:
        case Field::kAdvertiserId:
        case Field::kOfferUrlId:
            return Id(info.name);
        case Field::kCurrency:
            return Currency(info.name);
        default:
            return Text(info.name);
    }
}

std::string Reader::ObjectBytes(std::string_view name) {
    const Value* value = input_.Find(name);
    if (!value) return {};
    if (value->kind != Value::Kind::kObject) {
        Refuse(name, "must be an object");
    } else if (value->text.empty()) {
        Refuse(name, "is deeper than 16 levels, or has an empty key or a number beyond 1.8e308");
    } else if (value->text.size() > kMetadataBytesMax) {
        Refuse(name, "is larger than 16 KiB as it is stored");
    }
    return value->text;
}

std::string Reader::Currency(std::string_view name) {
    std::string text = Text(name);
    for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    bool code = text.size() == 3 &&
                text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos;
    if (!text.empty() && !code) Refuse(name, "must be an ISO 4217 code such as USD");
    return text;
}

}  // namespace barracuda::api
