#include "auth/sessions.h"

#include <algorithm>
#include <tuple>

#include "auth/credentials.h"
#include "base/check.h"
#include "base/text.h"
#include "domain/bson.h"
#include "store/each_document.h"

namespace barracuda::auth {

static_assert(
    Sessions::kSeenGrainMs < Sessions::kIdleMs
);  // else a live session would end in the store
static_assert(Sessions::kIdleMs < Sessions::kAbsoluteMs);

std::string EncodeSession(const Session& session) {
    domain::BsonWriter to;
    to.Text("_id", session.hash);
    to.Text("email", session.email);
    to.Text("mark", session.mark);
    to.Text("address", session.origin.address);
    to.Text("agent", session.origin.agent);
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
    session.origin = {fields.TextOr("address"), fields.TextOr("agent")};
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
    uint64_t since;
    {
        WriteLock lock(mutex_);
        since = changes_.Begin();
    }
    std::vector<Session> loaded;
    // Dead ones too: the next Create sweeps them out of the store.
    auto read =
        store::EachDocument(engine, store::Collection::kSessions, [&](const std::string& document) {
            loaded.push_back(DecodeSession(document));
        });
    WriteLock lock(mutex_);
    if (read) TakeAll(std::move(loaded), since);
    changes_.End();
    return read;
}

// Takes a reading of the store; changes made here since it began are newer and stay.
void Sessions::TakeAll(std::vector<Session> read, uint64_t since) {
    std::unordered_set<std::string> there;
    for (auto& session : read) {
        there.insert(session.hash);
        if (ending_.contains(session.hash) || changes_.Has(session.hash, since)) continue;
        Keep(std::move(session));
    }
    auto gone = [&](const auto& known) REQUIRES(mutex_) {
        return !there.contains(known.first) && !changes_.Has(known.first, since);
    };
    std::erase_if(by_hash_, gone);
    std::erase_if(stored_seen_ms_, gone);
}

// `seen` is exact in memory and lags in the store: the later one counts.
void Sessions::Keep(Session session) {
    int64_t& stored = stored_seen_ms_[session.hash];
    stored = std::max(stored, session.seen.ms);
    auto at = by_hash_.find(session.hash);
    if (at != by_hash_.end()) session.seen = std::max(session.seen, at->second.seen);
    by_hash_[session.hash] = std::move(session);
}

// Until it is out of the store no reading brings it back.
void Sessions::Drop(const std::string& hash) {
    by_hash_.erase(hash);
    stored_seen_ms_.erase(hash);
    ending_.insert(hash);
}

Result<bool> Sessions::LookUp(store::Engine& engine, std::string_view token) {
    store::Ref ref{store::Collection::kSessions, HashSecret(token)};
    uint64_t since;
    {
        WriteLock lock(mutex_);
        since = changes_.Begin();
    }
    auto loaded = engine.Load(std::span(&ref, 1));
    WriteLock lock(mutex_);
    const bool older = ending_.contains(ref.key) || changes_.Has(ref.key, since);
    changes_.End();
    if (!loaded) return Fail(loaded.error());
    if (older || !loaded->front()) return by_hash_.contains(ref.key);
    if (!by_hash_.contains(ref.key)) changes_.Note(ref.key);
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
                WriteLock lock(mutex_);
                changes_.Note(hash);
                ending_.erase(hash);
            }
            if (!done) return;
            state ? done(true) : done(Fail(state.error()));
        }
    );
}

// Takes out the dead and, where there is no room for one more, those unseen for longest.
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
    BARRACUDA_CHECK(by_hash_.size() < sessions_max_);  // room for one more
    return gone;
}

void Sessions::Create(
    ledger::Ledger& ledger,
    const Admin& admin,
    Time now,
    std::function<void(Result<std::string>)> done,
    SessionOrigin origin
) {
    origin.agent = CutUtf8(CleanUtf8(origin.agent), Session::kAgentBytes);
    std::string token = NewSecret(kTokenPrefix);
    Session session{
        .hash = HashSecret(token),
        .email = Lower(admin.email),
        .mark = PasswordMark(admin),
        .origin = std::move(origin),
        .created = now,
        .seen = now,
        .rev = 1};
    std::vector<std::string> surplus;
    {
        WriteLock lock(mutex_);
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
                WriteLock lock(mutex_);
                changes_.Note(session.hash);
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
        WriteLock lock(mutex_);
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

bool Sessions::End(
    ledger::Ledger& ledger, std::string_view token, std::function<void(Result<bool>)> done
) {
    std::string hash = HashSecret(token);
    {
        WriteLock lock(mutex_);
        if (!by_hash_.contains(hash)) return false;
        Drop(hash);
    }
    Erase(ledger, std::move(hash), std::move(done));
    return true;
}

bool Sessions::EndOf(
    ledger::Ledger& ledger,
    const Admin& admin,
    std::string_view public_id,
    std::function<void(Result<bool>)> done
) {
    std::string hash;
    {
        WriteLock lock(mutex_);
        for (const auto& [one, session] : by_hash_) {
            if (session.email == admin.email && session.PublicId() == public_id) hash = one;
        }
        if (hash.empty()) return false;
        Drop(hash);
    }
    Erase(ledger, std::move(hash), std::move(done));
    return true;
}

std::vector<Session> Sessions::ListOf(const Admin& admin, Time now) const {
    const std::string mark = PasswordMark(admin);
    std::vector<Session> sessions;
    {
        ReadLock lock(mutex_);
        for (const auto& [hash, session] : by_hash_) {
            const bool his = session.email == admin.email && session.mark == mark;
            if (his && IsLive(session, now)) sessions.push_back(session);
        }
    }
    std::ranges::sort(sessions, [](const auto& a, const auto& b) {
        return std::tie(b.seen, b.hash) < std::tie(a.seen, a.hash);
    });
    return sessions;
}

std::size_t Sessions::EndAllOf(ledger::Ledger& ledger, std::string_view email) {
    const std::string wanted = Lower(email);
    std::vector<std::string> gone;
    {
        WriteLock lock(mutex_);
        for (const auto& [hash, session] : by_hash_) {
            if (session.email == wanted) gone.push_back(hash);
        }
        for (const auto& hash : gone) Drop(hash);
    }
    for (auto& hash : gone) Erase(ledger, std::move(hash), {});
    return gone.size();
}

std::size_t Sessions::Size() const {
    ReadLock lock(mutex_);
    return by_hash_.size();
}

}  // namespace barracuda::auth
