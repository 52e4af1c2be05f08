// The sessions of admins who are logged in.
//
// All of them are held in memory, so that io threads never touch the store; writes go through the
// ledger, and memory follows once they are durable. A session lasts 12 h at most and 30 min
// without a request; its token is 256 random bits of which only the SHA-256 is kept.
//
// Threads: every method from any thread. Callbacks run on the ledger's thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "auth/admins.h"
#include "auth/changes.h"
#include "base/result.h"
#include "base/thread_safety.h"
#include "base/time.h"
#include "ledger/ledger.h"
#include "store/engine.h"

namespace barracuda::auth {

// Where a session was begun, for its owner to recognise.
struct SessionOrigin {
    std::string address = {};
    std::string agent = {};  // the browser's own words, cut to kAgentBytes
};

struct Session {
    static constexpr std::size_t kAgentBytes = 256;

    std::string hash;  // SHA-256 of the token: the document's key
    std::string email;
    std::string mark;  // PasswordMark of the admin at the login
    SessionOrigin origin = {};
    Time created;
    Time seen;  // kept exactly in memory, to the minute in the store
    int64_t rev = 0;

    // The session's name in a path; the token cannot be found from it.
    std::string PublicId() const { return hash.substr(0, 24); }
};

// The document of a session and back (docs/formats/documents.md).
std::string EncodeSession(const Session& session);
Session DecodeSession(std::string_view bson);

class Sessions {
public:
    static constexpr std::string_view kTokenPrefix = "bks_";  // of every token
    static constexpr int64_t kIdleMs = 30 * 60'000;
    static constexpr int64_t kAbsoluteMs = 12 * 3'600'000;
    static constexpr int64_t kSeenGrainMs = 60'000;

    explicit Sessions(std::size_t sessions_max = 1000) : sessions_max_(sessions_max) {}

    // May be repeated while serving: what other nodes ended ends, what they began is known. Errors:
    // the store's.
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
        std::function<void(Result<std::string>)> done,
        SessionOrigin origin = {}
    );
    // The live session of a token, and counts as a request of it. Whether its mark is still that of
    // its admin is for the caller to see.
    std::optional<Session> Find(ledger::Ledger& ledger, std::string_view token, Time now);
    // Ended at once in memory; `done` when that is durable. False: memory knows no such session,
    // so nothing is written (anybody can invent a token) and `done` is not called.
    [[nodiscard]] bool End(
        ledger::Ledger& ledger, std::string_view token, std::function<void(Result<bool>)> done
    );
    // The same for one of an admin's by its PublicId, for who has no token of it.
    [[nodiscard]] bool EndOf(
        ledger::Ledger& ledger,
        const Admin& admin,
        std::string_view public_id,
        std::function<void(Result<bool>)> done
    );
    // An admin's live sessions, the one seen last first.
    std::vector<Session> ListOf(const Admin& admin, Time now) const;
    // Ends every session of an admin, at once in memory; -> how many there were.
    std::size_t EndAllOf(ledger::Ledger& ledger, std::string_view email);

    std::size_t Size() const;  // sessions in memory, dead ones included

private:
    static bool IsLive(const Session& session, Time now);
    void TakeAll(std::vector<Session> read, uint64_t since) REQUIRES(mutex_);
    void Keep(Session session) REQUIRES(mutex_);
    void Drop(const std::string& hash) REQUIRES(mutex_);
    std::vector<std::string> TakeSurplus(Time now) REQUIRES(mutex_);
    void Erase(ledger::Ledger& ledger, std::string hash, std::function<void(Result<bool>)> done);

    const std::size_t sessions_max_;
    mutable SharedMutex mutex_;
    std::unordered_map<std::string, Session> by_hash_ GUARDED_BY(mutex_);
    // As last handed to the ledger.
    std::unordered_map<std::string, int64_t> stored_seen_ms_ GUARDED_BY(mutex_);
    // Ended here, perhaps still in the store.
    std::unordered_set<std::string> ending_ GUARDED_BY(mutex_);
    Changes changes_ GUARDED_BY(mutex_);  // by hash
};

}  // namespace barracuda::auth
