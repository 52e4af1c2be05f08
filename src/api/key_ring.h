// API keys: hashed at rest, shown once, scoped, perhaps bound to one affiliate. All of them are
// held in memory, so that io threads never touch the store; writes go through the ledger.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ledger/ledger.h"
#include "store/engine.h"

namespace barracuda::api {

enum class Scope { kNone, kIngest, kAdmin };

// Who asks: the name goes into history ("key:NAME", "admin:E", "open").
struct Caller {
    Scope scope = Scope::kNone;
    std::string name;
    std::string affiliate;  // bound to this one; empty: any
    bool by_cookie = false;
};

struct ApiKey {
    std::string id;    // public: first 12 hex digits of the hash
    std::string hash;  // lower hex SHA-256 of the key
    std::string name;
    Scope scope = Scope::kIngest;
    std::string affiliate;
    Time created;
    bool revoked = false;
};

// The document of a key and back; its Ref.key is the hash.
std::string EncodeKey(const ApiKey& key);
ApiKey DecodeKey(std::string_view bson);

// Thread-safe.
class KeyRing {
public:
    // Also again while serving, to see what other nodes changed.
    Result<bool> LoadFrom(store::Engine& engine);
    // One key that memory does not know: made on another node a moment ago. Blocks on the store.
    Result<bool> LookUp(store::Engine& engine, std::string_view secret);
    std::optional<ApiKey> Find(std::string_view secret) const;  // not a revoked one
    std::vector<ApiKey> List() const;

    struct NewKey {
        std::string name;
        Scope scope = Scope::kIngest;
        std::string affiliate;
    };
    // `done` gets the key itself, once, after it is durable.
    void Create(ledger::Ledger& ledger, NewKey key, std::function<void(Result<std::string>)> done);
    // By id or name; kNotFound when there is none.
    void Revoke(
        ledger::Ledger& ledger, std::string_view id, std::function<void(Result<bool>)> done
    );

private:
    mutable std::shared_mutex mutex_;
    uint64_t changes_ = 0;  // of this node: a reading that began before one is not taken
    std::unordered_map<std::string, ApiKey> by_hash_;
};

}  // namespace barracuda::api
