#include "api/input.h"

#include <algorithm>

#include "api/form_input.h"
#include "api/json_input.h"
#include "base/text.h"
#include "base/unseen.h"

namespace barracuda::api {

Result<Input> Input::OfQuery(const http::Request& request) {
    if (!request.malformed_query) {
        Input input;
        for (const auto& [name, value] : request.query) {
            input.Add(name, {.kind = Value::Kind::kText, .text = value});
        }
        return input;
    }
    const std::string_view target = request.target;
    return ParseForm(target.substr(std::min(target.find('?'), target.size() - 1) + 1));
}

Result<Input> Input::OfBody(const http::Request& request) {
    const std::string_view body = SkipByteOrderMark(request.body);
    const std::string type = Lower(request.Header("content-type").value_or(""));
    if (type.starts_with("multipart/form-data")) {
        return ParseMultipart(body, *request.Header("content-type"));
    }
    // By its content type; but curl says that of whatever -d has, and an object is no form.
    const bool form = type.starts_with("application/x-www-form-urlencoded");
    if (form && !Trim(body).starts_with('{')) return ParseForm(body);
    return ParseJsonInput(request);
}

const Value* Input::Find(std::string_view name) const {
    auto at = values_.find(name);
    if (at == values_.end()) {
        if (missed_count_ < missed_.size()) missed_[missed_count_++] = name;
        return nullptr;
    }
    const Value& value = at->second;
    value.read = true;
    if (!value.fault.empty()) return &value;
    if (value.kind == Value::Kind::kNull) return nullptr;
    if (value.kind == Value::Kind::kText && value.text.empty()) return nullptr;
    return &value;
}

Value* Input::Change(std::string_view name) {
    auto at = values_.find(name);
    return at == values_.end() ? nullptr : &at->second;
}

void Input::Add(std::string name, Value value) {
    auto [at, fresh] = values_.emplace(std::move(name), std::move(value));
    if (!fresh) at->second.fault = kGivenTwice;
}

void Input::Merge(Input&& other, std::initializer_list<std::string_view> but) {
    for (auto& [name, value] : other.values_) {
        if (std::find(but.begin(), but.end(), name) == but.end()) Add(name, std::move(value));
    }
}

std::vector<std::string> Input::Unread() const {
    std::vector<std::string> names = untaken_;
    for (const auto& [name, value] : values_) {
        if (!value.read) names.push_back(name);
    }
    return names;
}

}  // namespace barracuda::api
