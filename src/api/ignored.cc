#include "api/ignored.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/unseen.h"

namespace barracuda::api {

namespace {

constexpr size_t kNamesMax = 32;
constexpr size_t kNameBytesMax = 40;  // less than a key or a token has

std::string Shown(std::string_view name) {
    bool plain = !name.empty() && name.size() <= kNameBytesMax;
    for (auto rest = name; plain && !rest.empty();) {
        const auto c = FirstUtf8(rest);
        plain = c.size > 0 && c.code > 0x20 && c.code != 0x7F && c.code != '@' && !IsUnseen(c.code);
        rest.remove_prefix(std::max<size_t>(c.size, 1));
    }
    return plain ? std::string(name) : fmt::format("(a name of {} bytes)", name.size());
}

}  // namespace

void NoteIgnored(Call& call, const Input& input) {
    auto add = [&](std::string_view name) {
        if (call.ignored.size() >= kNamesMax) return;
        std::string shown = Shown(name);
        const auto& all = call.ignored;
        if (std::find(all.begin(), all.end(), shown) == all.end()) {
            call.ignored.push_back(std::move(shown));
        }
    };
    const auto& query = call.request.query;
    auto asked = [](std::string_view name) { return name == "explain" || name == "key"; };
    auto in_url = [&](std::string_view name) {
        return std::any_of(query.begin(), query.end(), [&](auto& pair) {
            return pair.first == name;
        });
    };
    for (const auto& name : input.Unread()) {
        if (!asked(name) || !in_url(name)) add(name);
    }
    for (const auto& [name, value] : query) {
        if (!asked(name) && !input.Has(name)) add(name);
    }
}

void PutIgnored(const Call& call, JsonObject& answer) {
    if (!call.explain) return;
    JsonList names;
    for (const auto& name : call.ignored) names.Text(name);
    answer.List("ignored", names);
}

}  // namespace barracuda::api
