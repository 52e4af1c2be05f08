#include "api/sessions.h"

#include <algorithm>
#include <mutex>

#include "api/credentials.h"
#include "base/text.h"
#include "domain/bson.h"
#include "store/each_document.h"

namespace barracuda::api {

namespace {

store::ScanRequest AllOf(store::Collection collection) {
    store::ScanRequest request;
    request.collection = collection;
    request.limit = 1000;
    return request;
}

}  // namespace

namespace {

// The stored admin with another password, and everything else as it is: the seed's documents hold
// more than ours.
std::string WithPassword(std::string_view stored, const Admin& admin) {
    domain::BsonWriter to;
    bson_iter_t at;
    bool more = domain::OpenBson(at, stored);
    while (more && bson_iter_next(&at)) {
        const std::string_view name = bson_iter_key(&at);
        if (name != "password" && name != "rev") to.Element(at);
    }
    to.Text("password", admin.password);
    to.Int("rev", admin.rev);
    return to.Take();
}

}  // namespace

std::string PasswordMark(const Admin& admin) {
    constexpr std::size_t kBytes = 16;
    return HashHex(admin.password, kBytes);
}

std::string EncodeAdmin(const Admin& admin) {
    domain::BsonWriter to;
    to.Text("_id", admin.email);
    to.Text("email", admin.email);
    to.Text("name", admin.name);
    to.Text("role", admin.role);
    to.Text("password", admin.password);
    to.Int("rev", admin.rev);
    to.Date("createdAt", admin.created);
    return to.Take();
}

Admin DecodeAdmin(std::string_view bson) {
    const domain::TopFields fields(bson);
    Admin admin;
    admin.email = Lower(fields.TextOr("email"));
    admin.id = fields.TextOr("_id", admin.email);
    admin.name = fields.TextOr("name");
    admin.role = fields.TextOr("role", "admin");
    admin.password = fields.TextOr("password");
    admin.rev = fields.Number("rev");
    admin.created = Time{fields.Number("createdAt")};
    return admin;
}

Result<bool> Admins::LoadFrom(store::Engine& engine) {
    uint64_t before;
    {
        std::shared_lock lock(mutex_);
        before = changes_;
    }
    std::unordered_map<std::string, Admin> loaded;
    auto scanned = store::EachDocument(
        engine,
        AllOf(store::Collection::kAdmins),
        [&](const std::string& document) {
            Admin admin = DecodeAdmin(document);
            loaded[admin.email] = std::move(admin);
        }
    );
    if (!scanned) return scanned;
    std::unique_lock lock(mutex_);
    if (changes_ == before) by_email_ = std::move(loaded);  // else the next reading has both
    return true;
}

std::optional<Admin> Admins::Find(std::string_view email) const {
    std::shared_lock lock(mutex_);
    auto at = by_email_.find(Lower(email));
    return at == by_email_.end() ? std::nullopt : std::optional(at->second);
}

std::vector<Admin> Admins::List() const {
    std::vector<Admin> admins;
    {
        std::shared_lock lock(mutex_);
        for (const auto& [email, admin] : by_email_) admins.push_back(admin);
    }
    std::sort(admins.begin(), admins.end(), [](auto& a, auto& b) { return a.email < b.email; });
    return admins;
}

bool Admins::empty() const {
    std::shared_lock lock(mutex_);
    return std::none_of(by_email_.begin(), by_email_.end(), [](const auto& known) {
        return known.second.CanLogIn();
    });
}

void Admins::Create(
    ledger::Ledger& ledger,
    std::string_view email,
    std::string name,
    std::string password_hash,
    std::function<void(Result<Admin>)> done
) {
    // Looked for by e-mail: the document of an admin of the seed has another key.
    auto known = Find(email);
    if (known && known->CanLogIn()) {
        return done(Fail(ErrorCode::kConflict, "there is an admin with this e-mail"));
    }
    if (known) {
        auto given = [this, done = std::move(done)](Result<Admin> result) {
            if (result && created_) created_();
            done(std::move(result));
        };
        return SetPassword(ledger, email, std::move(password_hash), std::move(given));
    }
    Admin admin;
    admin.email = admin.id = Lower(email);
    admin.name = std::move(name);
    admin.password = std::move(password_hash);
    admin.created = Time::Now();
    admin.rev = 1;
    ledger.Edit(
        {store::Collection::kAdmins, admin.email},
        [admin](const std::optional<std::string>& stored) {
            if (stored) return ledger::EditPlan{};
            return ledger::EditPlan{true, EncodeAdmin(admin)};
        },
        [this, admin, done = std::move(done)](Result<ledger::EditState> state) {
            if (!state) return done(Fail(state.error()));
            if (*state != ledger::EditState::kWritten) {
                return done(Fail(ErrorCode::kConflict, "there is an admin with this e-mail"));
            }
            {
                std::unique_lock lock(mutex_);
                ++changes_;
                by_email_[admin.email] = admin;
            }
            if (created_) created_();
            done(admin);
        }
    );
}

void Admins::SetPassword(
    ledger::Ledger& ledger,
    std::string_view email,
    std::string password_hash,
    std::function<void(Result<Admin>)> done
) {
    const auto known = Find(email);
    if (!known) return done(Fail(ErrorCode::kNotFound, "there is no admin with this e-mail"));
    auto after = std::make_shared<Admin>();
    auto edit = [after, hash = std::move(password_hash)](const std::optional<std::string>& stored) {
        if (!stored) return ledger::EditPlan{};
        *after = DecodeAdmin(*stored);
        after->password = hash;
        ++after->rev;
        return ledger::EditPlan{true, WithPassword(*stored, *after)};
    };
    auto written = [this, after, done = std::move(done)](Result<ledger::EditState> state) {
        if (!state) return done(Fail(state.error()));
        if (*state != ledger::EditState::kWritten) {
            return done(Fail(ErrorCode::kNotFound, "there is no admin with this e-mail"));
        }
        {
            std::unique_lock lock(mutex_);
            ++changes_;
            by_email_[after->email] = *after;
        }
        done(*after);
    };
    ledger.Edit({store::Collection::kAdmins, known->id}, std::move(edit), std::move(written));
}

std::string EncodeSession(const Session& session) {
    domain::BsonWriter to;
    to.Text("_id", session.hash);
    to.Text("email", session.email);
    to.Text("mark", session.mark);
    to.Date("seen", session.seen);
    to.Int("rev", session.rev);
    to.Date("createdAt", session.created);
    return to.Take();
}

Session DecodeSession(std::string_view bson) {
    const domain::TopFields fields(bson);
    Session session;
    session.hash = fields.TextOr("_id");
    session.email = fields.TextOr("email");
    session.mark = fields.TextOr("mark");
    session.seen = Time{fields.Number("seen")};
    session.rev = fields.Number("rev");
    session.created = Time{fields.Number("createdAt")};
    return session;
}

// `seen` of the store lags by up to the grain, which can only end a session early after a restart.
// A clock set back must not lengthen a life: a session from the future is none.
bool Sessions::IsLive(const Session& session, Time now) {
    return now.ms - session.seen.ms < kIdleMs && now.ms - session.created.ms < kAbsoluteMs &&
           session.created.ms <= now.ms + kIdleMs;
}

Result<bool> Sessions::LoadFrom(store::Engine& engine) {
    uint64_t before;
    {
        std::shared_lock lock(mutex_);
        before = changes_;
    }
    std::vector<Session> loaded;
    // Dead ones too: the next Create sweeps them out of the store.
    auto read = store::EachDocument(
        engine,
        AllOf(store::Collection::kSessions),
        [&](const std::string& document) { loaded.push_back(DecodeSession(document)); }
    );
    if (!read) return read;
    std::unique_lock lock(mutex_);
    if (changes_ != before) return true;  // the next reading has both
    std::unordered_set<std::string> there;
    for (auto& session : loaded) {
        there.insert(session.hash);
        if (!ending_.contains(session.hash)) Keep(std::move(session));
    }
    std::erase_if(by_hash_, [&](const auto& known) { return !there.contains(known.first); });
    std::erase_if(stored_seen_ms_, [&](const auto& known) { return !there.contains(known.first); });
    return true;
}

// `seen` is exact in memory and lags in the store: the later one counts. Under mutex_.
void Sessions::Keep(Session session) {
    int64_t& stored = stored_seen_ms_[session.hash];
    stored = std::max(stored, session.seen.ms);
    auto at = by_hash_.find(session.hash);
    if (at != by_hash_.end()) session.seen = std::max(session.seen, at->second.seen);
    by_hash_[session.hash] = std::move(session);
}

// Under mutex_; until it is out of the store no reading brings it back.
void Sessions::Drop(const std::string& hash) {
    by_hash_.erase(hash);
    stored_seen_ms_.erase(hash);
    ending_.insert(hash);
}

Result<bool> Sessions::LookUp(store::Engine& engine, std::string_view token) {
    store::Ref ref{store::Collection::kSessions, HashSecret(token)};
    auto loaded = engine.Load(std::span(&ref, 1));
    if (!loaded) return Fail(loaded.error());
    if (!loaded->front()) return false;
    std::unique_lock lock(mutex_);
    if (ending_.contains(ref.key)) return false;
    ++changes_;
    Keep(DecodeSession(*loaded->front()));
    return true;
}

void Sessions::Erase(
    ledger::Ledger& ledger, std::string hash, std::function<void(Result<bool>)> done
) {
    store::Ref ref{store::Collection::kSessions, hash};
    ledger.Edit(
        std::move(ref),
        [](const std::optional<std::string>& stored) {
            return ledger::EditPlan{stored.has_value(), std::nullopt};
        },
        [this, hash, done = std::move(done)](Result<ledger::EditState> state) {
            {
                std::unique_lock lock(mutex_);
                ++changes_;
                ending_.erase(hash);
            }
            if (!done) return;
            state ? done(true) : done(Fail(state.error()));
        }
    );
}

// Takes out the dead and, where there is no room for one more, those unseen for longest. Under
// mutex_.
std::vector<std::string> Sessions::TakeSurplus(Time now) {
    std::vector<std::string> gone;
    std::vector<std::pair<int64_t, std::string>> live;
    for (const auto& [hash, session] : by_hash_) {
        if (IsLive(session, now)) {
            live.emplace_back(session.seen.ms, hash);
        } else {
            gone.push_back(hash);
        }
    }
    std::sort(live.begin(), live.end());
    for (size_t i = 0; i < live.size() && live.size() - i >= sessions_max_; ++i) {
        gone.push_back(live[i].second);
    }
    for (const auto& hash : gone) Drop(hash);
    return gone;
}

void Sessions::Create(
    ledger::Ledger& ledger,
    const Admin& admin,
    Time now,
    std::function<void(Result<std::string>)> done
) {
    std::string token = NewSecret("bks_");
    Session session{
        .hash = HashSecret(token),
        .email = Lower(admin.email),
        .mark = PasswordMark(admin),
        .created = now,
        .seen = now,
        .rev = 1};
    std::vector<std::string> surplus;
    {
        std::unique_lock lock(mutex_);
        surplus = TakeSurplus(now);
    }
    for (auto& hash : surplus) Erase(ledger, std::move(hash), {});
    ledger.Edit(
        {store::Collection::kSessions, session.hash},
        [session](const auto&) {
            return ledger::EditPlan{true, EncodeSession(session)};
        },
        [this, session, token, done = std::move(done)](Result<ledger::EditState> state) {
            if (!state) return done(Fail(state.error()));
            {
                std::unique_lock lock(mutex_);
                ++changes_;
                stored_seen_ms_[session.hash] = session.seen.ms;
                by_hash_[session.hash] = session;
            }
            done(token);
        }
    );
}

std::optional<Session> Sessions::Find(ledger::Ledger& ledger, std::string_view token, Time now) {
    const std::string hash = HashSecret(token);
    Session found;
    {
        std::unique_lock lock(mutex_);
        auto at = by_hash_.find(hash);
        if (at == by_hash_.end() || !IsLive(at->second, now)) return std::nullopt;
        at->second.seen = std::max(at->second.seen, now);
        found = at->second;
        int64_t& stored = stored_seen_ms_[hash];
        if (now.ms - stored < kSeenGrainMs) return found;
        stored = now.ms;
    }
    ledger.Edit(
        {store::Collection::kSessions, hash},
        [now](const std::optional<std::string>& stored) {
            if (!stored) return ledger::EditPlan{};  // ended meanwhile
            Session session = DecodeSession(*stored);
            session.seen = now;
            ++session.rev;
            return ledger::EditPlan{true, EncodeSession(session)};
        },
        [](Result<ledger::EditState>) {}  // lost: the session ends early after a restart, no more
    );
    return found;
}

void Sessions::End(
    ledger::Ledger& ledger, std::string_view token, std::function<void(Result<bool>)> done
) {
    std::string hash = HashSecret(token);
    {
        std::unique_lock lock(mutex_);
        Drop(hash);
    }
    Erase(ledger, std::move(hash), std::move(done));
}

std::size_t Sessions::EndAllOf(ledger::Ledger& ledger, std::string_view email) {
    const std::string wanted = Lower(email);
    std::vector<std::string> gone;
    {
        std::unique_lock lock(mutex_);
        for (const auto& [hash, session] : by_hash_) {
            if (session.email == wanted) gone.push_back(hash);
        }
        for (const auto& hash : gone) Drop(hash);
    }
    for (auto& hash : gone) Erase(ledger, std::move(hash), {});
    return gone.size();
}

std::size_t Sessions::Size() const {
    std::shared_lock lock(mutex_);
    return by_hash_.size();
}

}  // namespace barracuda::api
