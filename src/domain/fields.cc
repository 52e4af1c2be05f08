#include "domain/fields.h"

#include <algorithm>
#include <array>

namespace barracuda::domain {

std::optional<Field> FieldNamed(std::string_view name) {
    static const auto kByName = [] {
        std::array<std::pair<std::string_view, Field>, std::size(kFields)> names;
        size_t i = 0;
        for (const auto& info : kFields) names[i++] = {info.name, info.field};
        std::sort(names.begin(), names.end());
        return names;
    }();
    auto at = std::lower_bound(
        kByName.begin(),
        kByName.end(),
        name,
        [](const auto& entry, std::string_view wanted) { return entry.first < wanted; }
    );
    if (at == kByName.end() || at->first != name) return std::nullopt;
    return at->second;
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

void Fields::Remove(Field field) {
    std::erase_if(values_, [field](const auto& value) { return value.first == field; });
}

}  // namespace barracuda::domain
