// API keys: hashed at rest, shown once, scoped, perhaps bound to one affiliate. All of them are
// held in memory, so that io threads never touch the store; writes go through the ledger.
//
// Threads: every method from any thread; `done` runs on the ledger's. Errors: those named, the
// store's and the ledger's.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "auth/changes.h"
#include "auth/role.h"
#include "base/result.h"
#include "base/strong_id.h"
#include "base/thread_safety.h"
#include "base/time.h"
#include "ledger/ledger.h"
#include "store/engine.h"

namespace barracuda::auth {

enum class Scope { kNone, kIngest, kAdmin };
constexpr std::string_view NameOf(Scope scope) {
    return scope == Scope::kAdmin ? "admin" : "ingest";
}

// Names of keys and admins, which people read in lists and in history.
inline constexpr std::string_view kNameRule = "needs 1 to 64 printable characters";
bool IsName(std::string_view text);

// The one who asks; the name goes into history ("key:NAME", "admin:E", "open").
struct Caller {
    Scope scope = Scope::kNone;
    std::string name;
    AffiliateId affiliate;     // bound to this one; empty: any
    Role role = Role::kOwner;  // of scope kAdmin: an admin's own; a key may do everything
    std::string admin;         // the e-mail, where a session shows who it is; else empty
    std::string session;       // its hash, there
    bool by_cookie = false;
};

struct ApiKey {
    std::string id;    // public: first 12 hex digits of the hash
    std::string hash;  // lower hex SHA-256 of the key
    std::string name;
    Scope scope = Scope::kIngest;
    AffiliateId affiliate;
    Time created;
    Time used;  // to the minute; 0: never, or before uses were kept
    bool revoked = false;
    Time revoked_at;  // 0 with `revoked`: before times were kept
    int64_t rev = 1;
};

// The document of a key and back; its Ref.key is the hash.
std::string EncodeKey(const ApiKey& key);
ApiKey DecodeKey(std::string_view bson);

struct NewKey {
    std::string name;
    Scope scope = Scope::kIngest;
    AffiliateId affiliate;
};
// A key to be made, out of what was given. kInvalid: what is wrong with the field that `where`
// names, to be said after its name.
Result<NewKey> JudgeKey(std::string_view name, std::string_view scope, std::string_view affiliate);

// All keys of the store.
class KeyRing {
public:
    // May be repeated while serving, to see the changes of other nodes. Errors: the store's.
    Result<bool> LoadFrom(store::Engine& engine);
    // Whether the store may know a key that Find does not: a revoked one stays revoked.
    bool MayBeNew(std::string_view secret) const;
    // One key that memory does not know: made on another node a moment ago. Blocks on the store.
    Result<bool> LookUp(store::Engine& engine, std::string_view secret);
    std::optional<ApiKey> Find(std::string_view secret) const;  // not a revoked one
    std::vector<ApiKey> List() const;
    // Notes that a key was used: in memory, and once a minute in the store, for people to see.
    void NoteUse(ledger::Ledger& ledger, const ApiKey& key, Time now);

    // `done` gets the key itself, once, after it is durable.
    void Create(ledger::Ledger& ledger, NewKey key, std::function<void(Result<std::string>)> done);
    // By id, else by a name that is no key's id; kNotFound when there is none, or it is revoked.
    void Revoke(
        ledger::Ledger& ledger, std::string_view id, std::function<void(Result<bool>)> done
    );

private:
    mutable SharedMutex mutex_;
    Changes changes_ GUARDED_BY(mutex_);
    std::unordered_map<std::string, ApiKey> by_hash_ GUARDED_BY(mutex_);
    // When each was used last, as this process handed it to the ledger. An entry never goes, so
    // that its number is changed under the shared lock.
    std::unordered_map<std::string, std::atomic<int64_t>> used_ms_ GUARDED_BY(mutex_);
};

}  // namespace barracuda::auth
