// Operations on keys and admins.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "app/operation_parts.h"
#include "base/text.h"

namespace barracuda::app {

namespace {

constexpr const char* kKeyRow = "{:<12}  {:<6}  {:<7}  {:<24}  {:<16}  {}\n";

}  // namespace

Answer CreateKey(Workplace& at, const Ask& ask) {
    auto key = auth::JudgeKey(ask.name, ask.scope, ask.affiliate);
    if (!key) return Refused(key.error());
    auto made = Await<std::string>([&](auto done) {
        at.keys.Create(at.ledger, std::move(*key), std::move(done));
    });
    if (!made) return Refused(made.error());
    return {0, *made + "\n", {}};
}

Answer ListKeys(Workplace& at) {
    auto keys = at.keys.List();
    std::sort(keys.begin(), keys.end(), [](const auto& a, const auto& b) {
        return std::tie(a.created, a.id) < std::tie(b.created, b.id);
    });
    std::string out = fmt::format(kKeyRow, "ID", "SCOPE", "STATE", "CREATED", "AFFILIATE", "NAME");
    for (const auto& key : keys) {
        out += fmt::format(
            kKeyRow,
            key.id,
            auth::NameOf(key.scope),
            key.revoked ? "revoked" : "active",
            key.created.Iso(),
            Printable(key.affiliate.value),
            Printable(key.name)
        );
    }
    return {0, out, keys.empty() ? "no keys yet: barracuda key create --help" : ""};
}

Answer RevokeKeys(Workplace& at, const Ask& ask) {
    Answer answer;
    // One wrong id must not stop the rest from being revoked.
    auto refuse = [&answer](const std::string& why) {
        answer.exit = 1;
        Note(answer, why);
    };
    for (const auto& id : ask.ids) {
        auto keys = at.keys.List();
        auto same = std::count_if(keys.begin(), keys.end(), [&](const auto& key) {
            return !key.revoked && (key.id == id || key.name == id);
        });
        if (same > 1) {
            refuse(fmt::format("{} keys are called '{}': name one by its ID", same, Printable(id)));
            continue;
        }
        auto revoked = Await<bool>([&](auto done) { at.keys.Revoke(at.ledger, id, done); });
        if (revoked) {
            answer.out += "revoked " + Printable(id) + "\n";
        } else {
            refuse(Refused(revoked.error()).note);
        }
    }
    return answer;
}

Answer CreateAdmin(Workplace& at, const Ask& ask) {
    const std::string email = Lower(Trim(ask.email));
    auto made = Await<auth::Admin>([&](auto done) {
        at.admins.Create(
            at.ledger,
            {.email = email,
             .name = ask.name,
             .role = auth::StoredRole(ask.role),
             .password = ask.password_hash},
            std::move(done)
        );
    });
    if (!made) return Refused(made.error());
    return {0, fmt::format("admin {} may log in now, as {}\n", email, NameOf(made->role)), {}};
}

Answer SetPassword(Workplace& at, const Ask& ask) {
    const std::string email = Lower(Trim(ask.email));
    auto set = Await<auth::Admin>([&](auto done) {
        at.admins.SetPassword(at.ledger, email, ask.password_hash, std::move(done));
    });
    if (!set) return Refused(set.error());
    if (ask.without_totp) {
        set = Await<auth::Admin>([&](auto done) {
            auto drop = [](auth::Admin& admin) -> std::optional<Error> {
                admin.factor = {};
                return std::nullopt;
            };
            at.admins.Change(at.ledger, email, std::move(drop), std::move(done));
        });
        if (!set) return Refused(set.error());
    }
    // The new password has ended the sessions already; this takes them out of the store.
    const size_t ended = at.sessions.EndAllOf(at.ledger, email);
    // Failed logins of this address keep nobody out any longer: neither those counted here, nor
    // those of all nodes. A count that stays for want of the store ends by itself, so the error is
    // dropped.
    if (at.logins) at.logins->Forget(email);
    (void)Await<bool>([&](auto done) { auth::SharedLoginGuard::Forget(at.ledger, email, done); });
    const std::string sessions = Counted(ended, "session", "sessions");
    return {0, fmt::format("admin {} has a new password; {} ended\n", email, sessions), {}};
}

}  // namespace barracuda::app
