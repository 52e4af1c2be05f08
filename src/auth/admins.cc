#include "auth/admins.h"

#include <algorithm>

#include "auth/credentials.h"
#include "base/text.h"
#include "domain/bson.h"
#include "store/each_document.h"

namespace barracuda::auth {

namespace {

// What EncodeAdmin writes anew each time, over whatever is stored.
constexpr std::string_view kOurs[] = {
    "name", "role", "password", "invitation", "invitedUntil", "seen", "factor", "profile", "rev"};

constexpr std::size_t kPublicIdDigits = 24;

bool IsOwner(const Admin& admin) { return admin.role == Role::kOwner && admin.CanLogIn(); }

Error NoAdmin() { return {ErrorCode::kNotFound, "there is no admin with this e-mail", {}}; }
Error IsThere() { return {ErrorCode::kConflict, "there is an admin with this e-mail", "email"}; }

bool Invites(const Admin& admin, std::string_view secret, Time now) {
    return !admin.invitation.empty() && now < admin.invited_until &&
           ConstantTimeEquals(HashSecret(secret), admin.invitation);
}

}  // namespace

std::string Admin::PublicId() const { return HashSecret(id).substr(0, kPublicIdDigits); }

std::string PasswordMark(const Admin& admin) {
    constexpr std::size_t kBytes = 16;
    return HashHex(admin.password, kBytes);
}

std::string EncodeAdmin(const Admin& admin, std::string_view stored) {
    domain::BsonWriter to;
    bson_iter_t at;
    bool more = !stored.empty() && domain::OpenBson(at, stored);
    while (more && bson_iter_next(&at)) {
        const std::string_view name = bson_iter_key(&at);
        if (std::ranges::find(kOurs, name) == std::end(kOurs)) to.Element(at);
    }
    if (stored.empty()) {
        to.Text("_id", admin.email);
        to.Text("email", admin.email);
        to.Date("createdAt", admin.created);
    }
    to.Text("name", admin.name);
    to.Text("role", NameOf(admin.role));
    to.Text("password", admin.password);
    if (!admin.invitation.empty()) {
        to.Text("invitation", admin.invitation);
        to.Date("invitedUntil", admin.invited_until);
    }
    if (admin.seen.ms > 0) to.Date("seen", admin.seen);
    const auto factor = EncodeFactor(admin.factor);
    if (!factor.empty()) to.Document("factor", factor);
    if (!admin.profile.empty()) to.Text("profile", admin.profile);
    to.Int("rev", admin.rev);
    return to.Take();
}

Admin DecodeAdmin(std::string_view bson) {
    const domain::TopFields fields(bson);
    Admin admin;
    admin.email = Lower(fields.TextOr("email"));
    admin.id = fields.TextOr("_id", admin.email);
    admin.name = fields.TextOr("name");
    admin.role = StoredRole(fields.TextOr("role"));
    admin.password = fields.TextOr("password");
    admin.invitation = fields.TextOr("invitation");
    admin.invited_until = Time{fields.Number("invitedUntil")};
    admin.seen = Time{fields.Number("seen")};
    admin.factor = DecodeFactor(fields.Bytes("factor"));
    admin.profile = fields.TextOr("profile");
    admin.rev = fields.Number("rev");
    admin.created = Time{fields.Number("createdAt")};
    return admin;
}

Result<bool> Admins::LoadFrom(store::Engine& engine) {
    uint64_t since;
    {
        WriteLock lock(mutex_);
        since = changes_.Begin();
    }
    std::unordered_map<std::string, Admin> loaded;
    auto scanned =
        store::EachDocument(engine, store::Collection::kAdmins, [&](const std::string& document) {
            Admin admin = DecodeAdmin(document);
            loaded[admin.email] = std::move(admin);
        });
    WriteLock lock(mutex_);
    if (scanned) TakeReading(changes_, since, by_email_, std::move(loaded));
    changes_.End();
    return scanned;
}

std::optional<Admin> Admins::Find(std::string_view email) const {
    ReadLock lock(mutex_);
    auto at = by_email_.find(Lower(email));
    return at == by_email_.end() ? std::nullopt : std::optional(at->second);
}

std::vector<Admin> Admins::List() const {
    std::vector<Admin> admins;
    {
        ReadLock lock(mutex_);
        for (const auto& [email, admin] : by_email_) admins.push_back(admin);
    }
    std::sort(admins.begin(), admins.end(), [](auto& a, auto& b) { return a.email < b.email; });
    return admins;
}

bool Admins::empty() const {
    ReadLock lock(mutex_);
    return std::none_of(by_email_.begin(), by_email_.end(), [](const auto& known) {
        return known.second.CanLogIn();
    });
}

std::optional<Admin> Admins::FindById(std::string_view public_id) const {
    for (auto& admin : List()) {
        if (admin.PublicId() == public_id) return std::move(admin);
    }
    return std::nullopt;
}

std::optional<Admin> Admins::FindInvited(std::string_view secret, Time now) const {
    for (auto& admin : List()) {
        if (Invites(admin, secret, now)) return std::move(admin);
    }
    return std::nullopt;
}

void Admins::Create(ledger::Ledger& ledger, Admin wanted, Done done) {
    auto made = [this, done = std::move(done)](Result<Admin> admin) {
        if (admin && admin->CanLogIn() && created_) created_();
        done(std::move(admin));
    };
    // Looked for by e-mail: the document of an admin of the seed has another key.
    wanted.email = Lower(wanted.email);
    if (Find(wanted.email)) {
        auto edit = [wanted](Admin& admin) -> std::optional<Error> {
            if (admin.CanLogIn()) return IsThere();
            admin.name = wanted.name;
            admin.role = wanted.role;
            admin.password = wanted.password;
            admin.invitation = wanted.invitation;
            admin.invited_until = wanted.invited_until;
            return std::nullopt;
        };
        return Change(ledger, wanted.email, std::move(edit), std::move(made));
    }
    wanted.id = wanted.email;
    wanted.created = Time::Now();
    wanted.rev = 1;
    ledger.Edit(
        {store::Collection::kAdmins, wanted.email},
        [wanted](const std::optional<std::string>& stored) {
            if (stored) return ledger::EditPlan{};
            return ledger::EditPlan{true, EncodeAdmin(wanted)};
        },
        [this, wanted, made = std::move(made)](Result<ledger::EditState> state) {
            if (!state) return made(Fail(state.error()));
            if (*state != ledger::EditState::kWritten) return made(Fail(IsThere()));
            {
                WriteLock lock(mutex_);
                changes_.Note(wanted.email);
                by_email_[wanted.email] = wanted;
            }
            made(wanted);
        }
    );
}

void Admins::SetPassword(
    ledger::Ledger& ledger, std::string_view email, std::string password_hash, Done done
) {
    auto edit = [hash = std::move(password_hash)](Admin& admin) -> std::optional<Error> {
        admin.password = hash;
        admin.invitation.clear();
        return std::nullopt;
    };
    Change(ledger, email, std::move(edit), std::move(done));
}

void Admins::Accept(
    ledger::Ledger& ledger,
    std::string_view email,
    std::string_view secret,
    std::string password_hash,
    Done done
) {
    auto edit = [secret = std::string(secret),
                 hash = std::move(password_hash)](Admin& admin) -> std::optional<Error> {
        if (!Invites(admin, secret, Time::Now())) {
            return Error{ErrorCode::kUnauthorized, "this invitation is not valid any more", {}};
        }
        admin.password = hash;
        admin.invitation.clear();
        return std::nullopt;
    };
    Change(ledger, email, std::move(edit), [this, done = std::move(done)](Result<Admin> admin) {
        if (admin && created_) created_();
        done(std::move(admin));
    });
}

void Admins::Change(ledger::Ledger& ledger, std::string_view email, Edit edit, Done done) {
    Write(ledger, email, true, std::move(edit), std::move(done));
}

void Admins::Remove(ledger::Ledger& ledger, std::string_view email, Done done) {
    Write(
        ledger, email, false, [](Admin&) { return std::nullopt; }, std::move(done)
    );
}

// An error: nobody else is an owner, or all others are on the way out too.
std::optional<Error> Admins::Leave(const std::string& email) {
    WriteLock lock(mutex_);
    for (const auto& [other, admin] : by_email_) {
        if (other == email || !IsOwner(admin) || leaving_.contains(other)) continue;
        leaving_.insert(email);
        return std::nullopt;
    }
    return Error{ErrorCode::kConflict, "this is the last owner: make another one first", {}};
}

void Admins::Write(
    ledger::Ledger& ledger, std::string_view email, bool keep, Edit edit, Done done
) {
    const auto known = Find(email);
    if (!known) return done(Fail(NoAdmin()));
    struct Outcome {
        Admin after;
        std::optional<Error> refused;
    };
    auto outcome = std::make_shared<Outcome>();
    auto plan = [this, outcome, keep, edit = std::move(edit)](const auto& stored) {
        auto& [after, refused] = *outcome;
        refused = stored ? std::nullopt : std::optional(NoAdmin());
        if (refused) return ledger::EditPlan{};
        after = DecodeAdmin(*stored);
        const bool was_owner = IsOwner(after);
        refused = edit(after);
        if (!refused && was_owner && !(keep && IsOwner(after))) refused = Leave(after.email);
        if (refused) return ledger::EditPlan{};
        ++after.rev;
        return keep ? ledger::EditPlan{true, EncodeAdmin(after, *stored)}
                    : ledger::EditPlan{true, std::nullopt};
    };
    auto written = [this, outcome, keep, email = known->email, done = std::move(done)](
                       Result<ledger::EditState> state
                   ) {
        const auto& [after, refused] = *outcome;
        const bool wrote = state && *state == ledger::EditState::kWritten;
        {
            WriteLock lock(mutex_);
            leaving_.erase(email);
            if (wrote) changes_.Note(email);
            if (wrote && keep) by_email_[email] = after;
            if (wrote && !keep) by_email_.erase(email);
        }
        if (!state) return done(Fail(state.error()));
        if (refused) return done(Fail(*refused));
        wrote ? done(after) : done(Fail(NoAdmin()));
    };
    ledger.Edit({store::Collection::kAdmins, known->id}, std::move(plan), std::move(written));
}

}  // namespace barracuda::auth
