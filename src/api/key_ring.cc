#include "api/key_ring.h"

#include "api/credentials.h"
#include "domain/bson.h"
#include "store/each_document.h"

namespace barracuda::api {

std::string EncodeKey(const ApiKey& key) {
    domain::BsonWriter to;
    to.Text("_id", key.hash);
    to.Text("name", key.name);
    to.Text("scope", key.scope == Scope::kAdmin ? "admin" : "ingest");
    if (!key.affiliate.empty()) to.Text("affiliate", key.affiliate);
    to.Bool("revoked", key.revoked);
    to.Int("rev", key.revoked ? 2 : 1);
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
    key.affiliate = fields.TextOr("affiliate");
    key.revoked = fields.TextOr("revoked") == "true";
    key.created = Time{fields.Number("createdAt")};
    return key;
}

Result<bool> KeyRing::LoadFrom(store::Engine& engine) {
    store::ScanRequest request;
    request.collection = store::Collection::kApiKeys;
    request.limit = 1000;
    uint64_t before;
    {
        std::shared_lock lock(mutex_);
        before = changes_;
    }
    std::unordered_map<std::string, ApiKey> loaded;
    auto read = store::EachDocument(engine, request, [&](const std::string& document) {
        ApiKey key = DecodeKey(document);
        loaded.emplace(key.hash, std::move(key));
    });
    if (!read) return read;
    std::unique_lock lock(mutex_);
    if (changes_ == before) by_hash_ = std::move(loaded);  // else the next reading has both
    return true;
}

Result<bool> KeyRing::LookUp(store::Engine& engine, std::string_view secret) {
    store::Ref ref{store::Collection::kApiKeys, HashSecret(secret)};
    auto loaded = engine.Load(std::span(&ref, 1));
    if (!loaded) return Fail(loaded.error());
    if (!loaded->front()) return false;
    ApiKey key = DecodeKey(*loaded->front());
    std::unique_lock lock(mutex_);
    ++changes_;
    by_hash_[key.hash] = key;
    return !key.revoked;
}

// By hash: what a lookup's timing could tell is only the hash's first bytes, never the key's.
std::optional<ApiKey> KeyRing::Find(std::string_view secret) const {
    std::string hash = HashSecret(secret);
    std::shared_lock lock(mutex_);
    auto at = by_hash_.find(hash);
    if (at == by_hash_.end() || at->second.revoked) return std::nullopt;
    return at->second;
}

std::vector<ApiKey> KeyRing::List() const {
    std::shared_lock lock(mutex_);
    std::vector<ApiKey> keys;
    for (const auto& [hash, key] : by_hash_) keys.push_back(key);
    return keys;
}

void KeyRing::Create(
    ledger::Ledger& ledger, NewKey wanted, std::function<void(Result<std::string>)> done
) {
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
                std::unique_lock lock(mutex_);
                ++changes_;
                by_hash_[key.hash] = key;
            }
            done(secret);
        }
    );
}

void KeyRing::Revoke(
    ledger::Ledger& ledger, std::string_view id, std::function<void(Result<bool>)> done
) {
    std::string hash;
    for (const auto& key : List()) {
        if (!key.revoked && (key.id == id || key.name == id)) hash = key.hash;
    }
    if (hash.empty()) return done(Fail(ErrorCode::kNotFound, "no such key", std::string(id)));
    auto revoke = [](const std::optional<std::string>& stored) {
        if (!stored) return ledger::EditPlan{};
        ApiKey key = DecodeKey(*stored);
        key.revoked = true;
        return ledger::EditPlan{true, EncodeKey(key)};
    };
    ledger.Edit(
        {store::Collection::kApiKeys, hash},
        revoke,
        [this, hash, done = std::move(done)](Result<ledger::EditState> state) {
            if (!state) return done(Fail(state.error()));
            {
                std::unique_lock lock(mutex_);
                ++changes_;
                by_hash_[hash].revoked = true;
            }
            done(true);
        }
    );
}

}  // namespace barracuda::api
