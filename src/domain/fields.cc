#include "domain/fields.h"

#include <algorithm>

namespace barracuda::domain {

std::optional<Field> FieldNamed(std::string_view name) {
    for (const auto& info : kFields) {
        if (name == info.name) return info.field;
    }
    return std::nullopt;
}

namespace {
bool Before(const std::pair<Field, std::string>& value, Field field) { return value.first < field; }
}  // namespace

const std::string* Fields::Find(Field field) const {
    auto at = std::lower_bound(values_.begin(), values_.end(), field, Before);
    return at != values_.end() && at->first == field ? &at->second : nullptr;
}

std::string_view Fields::Get(Field field, std::string_view otherwise) const {
    const std::string* value = Find(field);
    return value ? std::string_view(*value) : otherwise;
}

void Fields::Set(Field field, std::string value) {
    auto at = std::lower_bound(values_.begin(), values_.end(), field, Before);
    if (at != values_.end() && at->first == field) {
        at->second = std::move(value);
    } else {
        values_.emplace(at, field, std::move(value));
    }
}

}  // namespace barracuda::domain
