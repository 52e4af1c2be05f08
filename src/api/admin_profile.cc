// GET and PUT /api/admin/auth/profile: who asks, and how the desk looks to that admin. The desk
// alone knows what a preference means; here it is only held to its form and kept.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "api/account_routes.h"
#include "api/json_input.h"
#include "api/respond.h"
#include "api/sign_in.h"
#include "base/text.h"

namespace barracuda::api {

namespace json = boost::json;

namespace {

constexpr size_t kViewsMax = 32;
constexpr size_t kNameBytesMax = 64;
constexpr size_t kQueryBytesMax = 1024;

// A preference that is one of a few words; without any, a short name ("Europe/Lisbon", "pt-BR").
struct Preference {
    std::string_view name;
    std::array<std::string_view, 3> words;
};
constexpr Preference kPreferences[] = {
    {"tz", {}},
    {"language", {}},
    {"theme", {"system", "light", "dark"}},
    {"density", {"comfortable", "compact"}},
    {"times", {"ago", "exact"}}};

Error Wrong(std::string_view field, std::string_view what) {
    return {ErrorCode::kInvalid, fmt::format("{} {}", field, what), std::string(field)};
}

bool IsShortName(std::string_view text) {
    return !text.empty() && text.size() <= kNameBytesMax &&
           std::ranges::all_of(text, [](unsigned char c) {
               return std::isalnum(c) || c == '/' || c == '_' || c == '-' || c == '+';
           });
}

std::optional<Error> Judge(const Preference& wanted, const json::value& value) {
    const bool text = value.is_string();
    const std::string_view given = text ? std::string_view(value.get_string()) : "";
    if (wanted.words[0].empty()) {
        if (IsShortName(given)) return std::nullopt;
        return Wrong(wanted.name, "must be a name of at most 64 letters, digits and / _ - +");
    }
    const bool known =
        !given.empty() && std::ranges::find(wanted.words, given) != wanted.words.end();
    if (known) return std::nullopt;
    return Wrong(wanted.name, fmt::format("must be one of {}", fmt::join(wanted.words, " ")));
}

std::optional<Error> JudgeView(const json::value& view) {
    constexpr std::pair<const char*, size_t> kMembers[] = {
        {"name", kNameBytesMax}, {"page", kNameBytesMax}, {"query", kQueryBytesMax}};
    if (!view.is_object()) return Wrong("views", "must be a list of objects");
    for (const auto& [name, bytes_max] : kMembers) {
        const auto* member = view.get_object().if_contains(name);
        if (!member || !member->is_string()) {
            return Wrong("views", fmt::format("must each have a text `{}`", name));
        }
        const std::string_view text = member->get_string();
        if (text.size() > bytes_max || !IsUtf8(text)) {
            return Wrong(
                "views", fmt::format("must each have a `{}` of at most {} bytes", name, bytes_max)
            );
        }
    }
    const bool more = view.get_object().size() > std::size(kMembers);
    return more ? std::optional(Wrong("views", "have a name, a page and a query each"))
                : std::nullopt;
}

std::optional<Error> JudgeViews(const json::value& views) {
    if (!views.is_array()) return Wrong("views", "must be a list");
    if (views.get_array().size() > kViewsMax) {
        return Wrong("views", fmt::format("may be {} at most", kViewsMax));
    }
    for (const auto& view : views.get_array()) {
        if (auto wrong = JudgeView(view)) return wrong;
    }
    return std::nullopt;
}

std::optional<Error> JudgeMember(std::string_view name, const json::value& value) {
    if (name == "keys") {
        return value.is_bool() ? std::nullopt : std::optional(Wrong(name, "must be true or false"));
    }
    if (name == "views") return JudgeViews(value);
    for (const auto& one : kPreferences) {
        if (one.name == name) return Judge(one, value);
    }
    return Wrong(CutUtf8(name, kNameBytesMax), "is not taken here");
}

struct NewProfile {
    std::string name;  // empty: as it is
    std::string preferences;
};

Result<NewProfile> ReadProfile(const http::Request& request) {
    auto body = ParseJsonObject(request);
    if (!body) return Fail(body.error());
    NewProfile profile;
    if (const auto* name = body->if_contains("name")) {
        if (name->is_string()) profile.name = Trim(std::string_view(name->get_string()));
        if (!auth::IsName(profile.name)) return Fail(Wrong("name", auth::kNameRule));
        body->erase("name");
    }
    for (const auto& member : *body) {
        if (auto wrong = JudgeMember(member.key(), member.value())) return Fail(*wrong);
    }
    profile.preferences = json::serialize(*body);
    return profile;
}

http::Response ProfileAnswer(const Accounts& accounts, const auth::Admin& admin) {
    JsonObject data;
    data.Text("id", admin.PublicId()).Text("email", admin.email).Text("name", admin.name);
    data.Text("role", NameOf(admin.role)).Bool("totp", admin.factor.on);
    data.Int("recoveryLeft", static_cast<int64_t>(admin.factor.recovery.size()));
    data.Raw("preferences", admin.profile.empty() ? "{}" : admin.profile);
    if (accounts.demo) data.Bool("demo", true);
    return DataAnswer(data);
}

}  // namespace

void AdminProfile(Accounts& accounts, std::shared_ptr<Call> call) {
    const auto admin = accounts.admin.admins().Find(call->caller.admin);
    call->respond(admin ? ProfileAnswer(accounts, *admin) : WrongSecret("log in first"));
}

void PutProfile(Accounts& accounts, std::shared_ptr<Call> call) {
    auto wanted = ReadProfile(call->request);
    if (!wanted) return call->respond(ErrorResponse(wanted.error()));
    auto change = [wanted = *wanted](auth::Admin& admin) -> std::optional<Error> {
        if (!wanted.name.empty()) admin.name = wanted.name;
        admin.profile = wanted.preferences;
        return std::nullopt;
    };
    auto changed = [&accounts, call](Result<auth::Admin> admin) {
        call->respond(admin ? ProfileAnswer(accounts, *admin) : ErrorResponse(admin.error()));
    };
    accounts.admin.admins().Change(accounts.ledger, call->caller.admin, change, changed);
}

}  // namespace barracuda::api
