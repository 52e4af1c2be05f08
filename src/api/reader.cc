#include "api/reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/currency.h"
#include "base/text.h"
#include "base/unseen.h"
#include "domain/given_id.h"

namespace barracuda::api {

using Kind = Value::Kind;

namespace {

constexpr size_t kFaultsMax = 16;

// A number's digits: 5.0 and 1e3 are no ids.
bool IsWhole(std::string_view number) {
    return number.find_first_not_of("-0123456789") == std::string_view::npos;
}

}  // namespace

void Reader::Refuse(std::string_view name, std::string_view what) {
    if (faults_.size() == kFaultsMax) return;
    std::string shown(CutUtf8(name, 64));
    if (shown.empty()) shown = "a field without a name";
    for (const auto& fault : faults_) {
        if (fault.where == shown) return;
    }
    faults_.push_back({ErrorCode::kInvalid, fmt::format("{} {}", shown, what), shown});
    if (!error_) error_ = faults_.front();
}

// A value that says one thing; nullptr: absent, or refused.
const Value* Reader::Sound(std::string_view name) {
    const Value* value = input_.Find(name);
    if (!value || value->fault.empty()) return value;
    Refuse(name, value->fault);
    return nullptr;
}

const Value* Reader::Scalar(std::string_view name) {
    const Value* value = Sound(name);
    if (!value || (value->kind != Kind::kObject && value->kind != Kind::kArray)) return value;
    Refuse(name, "must be a plain value, not an object or a list");
    return nullptr;
}

// It counts as unread, so that its name is among those ignored.
std::string Reader::Drop(const Value& value) {
    value.read = false;
    ++dropped_;
    return {};
}

std::string Reader::Id(std::string_view name) {
    const Value* value = input_.Find(name);
    if (!value) return {};
    const auto id = domain::JudgeId(value->text);
    // Before its faults: %click_id% is an invalid escape where nobody replaced it.
    const bool stand_in = id.stand_in && value->kind == Kind::kText && value->fault != kGivenTwice;
    if (stand_in && stand_ins_ == StandIns::kDropped) return Drop(*value);
    if (stand_in) {
        Refuse(name, id.problem);
    } else if (!Scalar(name)) {
        return {};
    } else if (value->kind == Kind::kBool) {
        Refuse(name, "must be a string or a whole number");
    } else if (value->kind == Kind::kNumber && !IsWhole(id.text)) {
        Refuse(name, "must be a string or a whole number");
    } else if (!id.problem.empty()) {
        Refuse(name, id.problem);
    } else {
        return std::string(id.text);
    }
    return {};
}

std::string Reader::RequiredId(std::string_view name) {
    std::string id = Id(name);
    if (id.empty()) Refuse(name, "is required");
    return id;
}

std::string Reader::Sought(std::string_view name) {
    const std::string text = Text(name);
    const Value* value = input_.Find(name);
    if (value && value->kind == Kind::kNumber && !IsWhole(text)) {
        Refuse(name, "must be a string or a whole number");
    }
    return std::string(TrimUnseen(text));
}

std::string Reader::Sub1() {
    const Value* value = input_.Find("sub1");
    if (!value) return {};
    if (value->fault == kGivenTwice) return Refuse("sub1", value->fault), std::string();
    const bool text = value->kind == Kind::kText || value->kind == Kind::kNumber;
    const std::string_view sub1 = TrimUnseen(value->text);
    const bool kept = text && value->fault.empty() && sub1.size() <= kTextBytesMax &&
                      IsUtf8(sub1) && domain::StandInProblem(sub1).empty();
    return kept ? std::string(sub1) : Drop(*value);
}

std::string Reader::Text(std::string_view name, size_t bytes_max) {
    const Value* value = Scalar(name);
    if (!value) return {};
    if (value->kind == Kind::kBool) {
        Refuse(name, "must be text, not true or false");
    } else if (value->text.size() > bytes_max) {
        Refuse(name, fmt::format("is longer than {} bytes", bytes_max));
    } else if (value->text.find('\0') != std::string::npos) {
        Refuse(name, "has a NUL character");
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
    if (value->kind == Kind::kBool) {
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
    const size_t value = CountUpTo(name, otherwise, kCountMax + 1);
    if (value > kCountMax) Refuse(name, "must be a whole number from 1 to 999999999");
    return std::min(value, kCountMax);
}

size_t Reader::CountUpTo(std::string_view name, size_t otherwise, size_t most) {
    const std::string text = Text(name);
    if (text.empty()) return otherwise;
    size_t value = 0;
    for (char c : text) {
        const bool digit = c >= '0' && c <= '9';
        value = digit ? std::min(value * 10 + static_cast<size_t>(c - '0'), most) : 0;
        if (!digit) break;
    }
    if (value < 1) Refuse(name, "must be a whole number from 1");
    return std::max<size_t>(value, 1);
}

// By what was given, not by what could be: most requests give two or three of the thirty.
void Reader::Common(domain::Fields& to) {
    for (const auto& [name, value] : input_.all()) {
        auto field = domain::FieldNamed(name);
        if (!field || !domain::InfoOf(*field).common) continue;
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
            return Sub1();
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
    const Value* value = Sound(name);
    if (!value) return {};
    if (value->kind == Kind::kArray && value->text == "[]") return {};  // PHP's empty map
    if (value->kind != Kind::kObject) {
        Refuse(name, "must be an object");
    } else if (value->text.empty()) {
        Refuse(
            name,
            "is deeper than 16 levels, or has an empty key, a number beyond 1.8e308 or text that "
            "is not valid UTF-8"
        );
    } else if (value->text.size() > kMetadataBytesMax) {
        Refuse(name, "is larger than 16 KiB as it is stored");
    }
    return value->text;
}

std::string Reader::Currency(std::string_view name) {
    std::string text = Text(name);
    for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    if (!text.empty() && !IsCurrency(text)) {
        Refuse(name, "must be a currency of ISO 4217 such as USD");
    }
    return text;
}

}  // namespace barracuda::api
