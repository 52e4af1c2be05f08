#include "auth/key_ring.h"

#include <algorithm>

#include "auth/credentials.h"
#include "base/check.h"
#include "base/text.h"
#include "base/unseen.h"
#include "domain/bson.h"
#include "domain/given_id.h"
#include "store/each_document.h"

namespace barracuda::auth {

namespace {

constexpr int64_t kUseGrainMs = 60'000;
constexpr std::size_t kNameBytesMax = 64;

}  // namespace

std::string EncodeKey(const ApiKey& key) {
    domain::BsonWriter to;
    to.Text("_id", key.hash);
    to.Text("name", key.name);
    to.Text("scope", NameOf(key.scope));
    if (!key.affiliate.empty()) to.Text("affiliate", key.affiliate.value);
    to.Bool("revoked", key.revoked);
    if (key.revoked_at.ms > 0) to.Date("revokedAt", key.revoked_at);
    if (key.used.ms > 0) to.Date("usedAt", key.used);
    to.Int("rev", key.rev);
    to.Date("createdAt", key.created);
    return to.Take();
}

ApiKey DecodeKey(std::string_view bson) {
    const domain::TopFields fields(bson);
    ApiKey key;
    key.hash = fields.TextOr("_id");
    key.id = key.hash.substr(0, 12);
    key.name = fields.TextOr("name");
    key.scope = fields.TextOr("scope") == "admin" ? Scope::kAdmin : Scope::kIngest;
    const std::string affiliate = fields.TextOr("affiliate");
    key.affiliate.value = TrimUnseen(affiliate);  // as every report's is
    key.revoked = fields.TextOr("revoked") == "true";
    key.revoked_at = Time{fields.Number("revokedAt")};
    key.used = Time{fields.Number("usedAt")};
    key.rev = fields.Number("rev");
    key.created = Time{fields.Number("createdAt")};
    return key;
}

bool IsName(std::string_view text) {
    return !text.empty() && text.size() <= kNameBytesMax && IsUtf8(text) && !HasControl(text);
}

Result<NewKey> JudgeKey(std::string_view name, std::string_view scope, std::string_view affiliate) {
    auto wrong = [](const char* field, std::string_view what) {
        return Fail(ErrorCode::kInvalid, std::string(what), field);
    };
    if (!IsName(name)) return wrong("name", kNameRule);
    const bool admin = scope == NameOf(Scope::kAdmin);
    if (!admin && scope != NameOf(Scope::kIngest)) return wrong("scope", "must be ingest or admin");
    NewKey key{std::string(name), admin ? Scope::kAdmin : Scope::kIngest, {}};
    if (affiliate.empty()) return key;
    if (admin) return wrong("affiliate", "is for scope ingest alone");
    const auto id = domain::JudgeId(affiliate);  // as a report would name it
    if (id.text.empty()) return wrong("affiliate", "is empty");
    if (!id.problem.empty()) return wrong("affiliate", id.problem);
    key.affiliate = AffiliateId(std::string(id.text));
    return key;
}

Result<bool> KeyRing::LoadFrom(store::Engine& engine) {
    uint64_t since;
    {
        WriteLock lock(mutex_);
        since = changes_.Begin();
    }
    std::unordered_map<std::string, ApiKey> loaded;
    auto read =
        store::EachDocument(engine, store::Collection::kApiKeys, [&](const std::string& document) {
            ApiKey key = DecodeKey(document);
            loaded.emplace(key.hash, std::move(key));
        });
    WriteLock lock(mutex_);
    if (read) TakeReading(changes_, since, by_hash_, std::move(loaded));
    changes_.End();
    return read;
}

bool KeyRing::MayBeNew(std::string_view secret) const {
    const std::string hash = HashSecret(secret);
    ReadLock lock(mutex_);
    return !by_hash_.contains(hash);
}

Result<bool> KeyRing::LookUp(store::Engine& engine, std::string_view secret) {
    BARRACUDA_CHECK(!secret.empty());
    store::Ref ref{store::Collection::kApiKeys, HashSecret(secret)};
    auto loaded = engine.Load(std::span(&ref, 1));
    if (!loaded) return Fail(loaded.error());
    if (!loaded->front()) return false;
    ApiKey key = DecodeKey(*loaded->front());
    WriteLock lock(mutex_);
    ApiKey& known = by_hash_[key.hash];
    // Revoked it stays, whatever an older reading says.
    if (known.hash == key.hash && (known.revoked || !key.revoked)) return !known.revoked;
    known = key;
    changes_.Note(key.hash);
    return !key.revoked;
}

// By hash: what a lookup's timing could tell is only the hash's first bytes, never the key's.
std::optional<ApiKey> KeyRing::Find(std::string_view secret) const {
    std::string hash = HashSecret(secret);
    ReadLock lock(mutex_);
    auto at = by_hash_.find(hash);
    if (at == by_hash_.end() || at->second.revoked) return std::nullopt;
    return at->second;
}

std::vector<ApiKey> KeyRing::List() const {
    ReadLock lock(mutex_);
    std::vector<ApiKey> keys;
    for (const auto& [hash, key] : by_hash_) {
        keys.push_back(key);
        const auto used = used_ms_.find(hash);
        if (used != used_ms_.end()) keys.back().used = std::max(key.used, Time{used->second});
    }
    return keys;
}

void KeyRing::NoteUse(ledger::Ledger& ledger, const ApiKey& key, Time now) {
    {
        ReadLock lock(mutex_);
        const auto at = used_ms_.find(key.hash);
        if (at != used_ms_.end()) {
            int64_t before = at->second;
            if (now.ms - before < kUseGrainMs ||
                !at->second.compare_exchange_strong(before, now.ms))
                return;
        }
    }
    {
        WriteLock lock(mutex_);
        used_ms_[key.hash] = now.ms;
    }
    ledger.Edit(
        {store::Collection::kApiKeys, key.hash},
        [now](const std::optional<std::string>& stored) {
            if (!stored) return ledger::EditPlan{};
            ApiKey key = DecodeKey(*stored);
            if (now.ms - key.used.ms < kUseGrainMs) return ledger::EditPlan{};  // by another node
            key.used = now;
            ++key.rev;
            return ledger::EditPlan{true, EncodeKey(key)};
        },
        [](Result<ledger::EditState>) {}  // lost: it shows the use before, no more
    );
}

void KeyRing::Create(
    ledger::Ledger& ledger, NewKey wanted, std::function<void(Result<std::string>)> done
) {
    BARRACUDA_CHECK(wanted.scope != Scope::kNone);
    std::string secret = NewSecret(wanted.scope == Scope::kAdmin ? "bka_" : "bki_");
    ApiKey key;
    key.hash = HashSecret(secret);
    key.id = key.hash.substr(0, 12);
    key.name = std::move(wanted.name);
    key.scope = wanted.scope;
    key.affiliate = std::move(wanted.affiliate);
    key.created = Time::Now();
    store::Ref ref{store::Collection::kApiKeys, key.hash};
    ledger.Edit(
        ref,
        [key](const auto&) {
            return ledger::EditPlan{true, EncodeKey(key)};
        },
        [this, key, secret, done = std::move(done)](Result<ledger::EditState> state) {
            if (!state) return done(Fail(state.error()));
            {
                WriteLock lock(mutex_);
                changes_.Note(key.hash);
                by_hash_[key.hash] = key;
            }
            done(secret);
        }
    );
}

void KeyRing::Revoke(
    ledger::Ledger& ledger, std::string_view id, std::function<void(Result<bool>)> done
) {
    const auto keys = List();
    auto at = std::ranges::find(keys, id, &ApiKey::id);
    // An id means its own key for ever: once that is revoked it is not the name of another one.
    if (at == keys.end()) {
        at = std::ranges::find_if(keys, [&](const ApiKey& key) {
            return !key.revoked && key.name == id;
        });
    }
    if (at == keys.end() || at->revoked) {
        return done(Fail(ErrorCode::kNotFound, "no such key", std::string(id)));
    }
    const std::string hash = at->hash;
    const Time now = Time::Now();
    auto revoke = [now](const std::optional<std::string>& stored) {
        if (!stored) return ledger::EditPlan{};
        ApiKey key = DecodeKey(*stored);
        if (!key.revoked) key.revoked_at = now;
        key.revoked = true;
        ++key.rev;
        return ledger::EditPlan{true, EncodeKey(key)};
    };
    ledger.Edit(
        {store::Collection::kApiKeys, hash},
        revoke,
        [this, hash, now, done = std::move(done)](Result<ledger::EditState> state) {
            if (!state) return done(Fail(state.error()));
            {
                WriteLock lock(mutex_);
                changes_.Note(hash);
                ApiKey& key = by_hash_[hash];
                key.revoked_at = now;
                key.revoked = true;
            }
            done(true);
        }
    );
}

}  // namespace barracuda::auth
