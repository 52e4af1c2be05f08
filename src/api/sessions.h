// Who may administer: admins with their password hashes, and the sessions of those logged in.
//
// All of both is held in memory, so that io threads never touch the store; writes go through the
// ledger, and memory follows once they are durable. A session lasts 12 h at most and 30 min
// without a request; its token is 256 random bits of which only the SHA-256 is kept.
//
// Threads: every method from any thread. Callbacks run on the ledger's thread.
#pragma once

#include <functional>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ledger/ledger.h"
#include "store/engine.h"

namespace barracuda::api {

struct Admin {
    std::string email = {};  // lower case
    std::string id = {};     // the document's key: the e-mail, or what the seed's database has
    std::string name = {};
    std::string role = "admin";
    std::string password = {};  // argon2id; anything else never matches
    Time created = {};
    int64_t rev = 0;

    // One of the seed has no password that we accept, until it is given one.
    bool CanLogIn() const { return password.starts_with("$argon2id$"); }
};

// What a session remembers of the password it was begun with. A new password makes another mark, so
// every session before it is over: on every node, also one whose login was under way.
std::string PasswordMark(const Admin& admin);

std::string EncodeAdmin(const Admin& admin);
Admin DecodeAdmin(std::string_view bson);

class Admins {
public:
    // Also again while serving, to see what other nodes changed.
    Result<bool> LoadFrom(store::Engine& engine);
    std::optional<Admin> Find(std::string_view email) const;  // any case
    std::vector<Admin> List() const;                          // by e-mail
    bool empty() const;                                       // nobody can log in

    // Called on the ledger's thread whenever there is one more; set it before the first Create.
    void OnCreated(std::function<void()> created) { created_ = std::move(created); }

    // kConflict when there is one with this e-mail who can log in.
    void Create(
        ledger::Ledger& ledger,
        std::string_view email,
        std::string name,
        std::string password_hash,
        std::function<void(Result<Admin>)> done
    );
    // kNotFound when there is none with this e-mail. Ends every session of this admin
    // (PasswordMark).
    void SetPassword(
        ledger::Ledger& ledger,
        std::string_view email,
        std::string password_hash,
        std::function<void(Result<Admin>)> done
    );

private:
    mutable std::shared_mutex mutex_;
    std::unordered_map<std::string, Admin> by_email_;
    uint64_t changes_ = 0;  // of this node: a reading that began before one is not taken
    std::function<void()> created_;
};

struct Session {
    std::string hash;  // SHA-256 of the token: the document's key
    std::string email;
    std::string mark;  // PasswordMark of the admin at the login
    Time created;
    Time seen;  // kept exactly in memory, to the minute in the store
    int64_t rev = 0;
};

std::string EncodeSession(const Session& session);
Session DecodeSession(std::string_view bson);

class Sessions {
public:
    static constexpr int64_t kIdleMs = 30 * 60'000;
    static constexpr int64_t kAbsoluteMs = 12 * 3'600'000;
    static constexpr int64_t kSeenGrainMs = 60'000;

    explicit Sessions(std::size_t sessions_max = 1000) : sessions_max_(sessions_max) {}

    // Also again while serving: what other nodes ended ends, what they began is known.
    Result<bool> LoadFrom(store::Engine& engine);
    // One session that memory does not know: begun on another node a moment ago. Blocks on the
    // store.
    Result<bool> LookUp(store::Engine& engine, std::string_view token);

    // `done` gets the token, once, after the session is durable. Beyond the bound the session
    // unseen for longest ends.
    void Create(
        ledger::Ledger& ledger,
        const Admin& admin,
        Time now,
        std::function<void(Result<std::string>)> done
    );
    // The live session of a token, and counts as a request of it. Whether its mark is still that of
    // its admin is for the caller to see.
    std::optional<Session> Find(ledger::Ledger& ledger, std::string_view token, Time now);
    // Ended at once in memory; `done` when that is durable. No such session: fine as well.
    void End(
        ledger::Ledger& ledger, std::string_view token, std::function<void(Result<bool>)> done
    );
    // How many that were.
    std::size_t EndAllOf(ledger::Ledger& ledger, std::string_view email);

    std::size_t Size() const;

private:
    static bool IsLive(const Session& session, Time now);
    void Keep(Session session);
    void Drop(const std::string& hash);
    std::vector<std::string> TakeSurplus(Time now);
    void Erase(ledger::Ledger& ledger, std::string hash, std::function<void(Result<bool>)> done);

    const std::size_t sessions_max_;
    mutable std::shared_mutex mutex_;
    std::unordered_map<std::string, Session> by_hash_;
    std::unordered_map<std::string, int64_t> stored_seen_ms_;  // as last handed to the ledger
    std::unordered_set<std::string> ending_;  // ended here, perhaps still in the store
    uint64_t changes_ = 0;  // of this node: a reading that began before one is not taken
};

}  // namespace barracuda::api
