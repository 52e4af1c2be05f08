// A pool of libmongoc clients over one database: every time limit said, majority in both
// directions, and what a failure means.
//
//     auto client = MongoClient::Open({.uri = uri, .database = "barracuda"});
//     auto lease = (*client)->Take();
//     auto collection = lease->Collection("conversions");
//     mongoc_collection_insert_one(collection.get(), document, nullptr, &reply, &error);
//
// Threads: MongoClient is thread-safe; a Lease and what comes of it belong to one thread, and must
// end before their MongoClient does. libmongoc starts threads of its own: never fork afterwards.
// Errors: kInvalid for an address that cannot be used, kUnavailable for everything a server or a
// network does; messages hold no password.
#pragma once

#include <mongoc/mongoc.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "store/mongo/bson_handle.h"

namespace barracuda::store {

// Keeps libmongoc from leaving a file behind; to be called first of all. When it is loaded,
// libmongoc makes /dev/shm/mongoc-PID for counters that `mongoc-stat` reads, and removes it at a
// clean end only; a process with the number of a dead one warns on stderr where the file is there.
// The counters are mapped already and need no name.
void UnlinkMongoCounters();

struct MongoOptions {
    std::string uri;       // mongodb:// or mongodb+srv://, may hold a password
    std::string database;  // never empty
    unsigned clients_max = 8;
    // Hold where the address does not say otherwise.
    std::chrono::milliseconds server_selection{2'000};
    std::chrono::milliseconds connect{2'000};
    std::chrono::milliseconds socket{5'000};
    std::chrono::milliseconds write_concern{4'000};
    std::chrono::milliseconds queue{1'000};  // for a free client
};

// The moment of a server's answer in the cluster's own time: a read that names it sees at least
// what that answer saw. Empty (0, 0) on a standalone.
struct ClusterMoment {
    uint32_t seconds = 0, increment = 0;
    friend auto operator<=>(const ClusterMoment&, const ClusterMoment&) = default;
};

using MongoCollection = std::unique_ptr<mongoc_collection_t, decltype(&mongoc_collection_destroy)>;
using MongoSession =
    std::unique_ptr<mongoc_client_session_t, decltype(&mongoc_client_session_destroy)>;

class MongoClient {
public:
    // Checks the address and resolves it (mongodb+srv), but reaches no server.
    static Result<std::unique_ptr<MongoClient>> Open(const MongoOptions& options);
    ~MongoClient();
    MongoClient(const MongoClient&) = delete;
    MongoClient& operator=(const MongoClient&) = delete;

    class Lease {
    public:
        Lease(Lease&& other) noexcept
            : owner_(other.owner_), client_(std::exchange(other.client_, nullptr)) {}
        Lease& operator=(Lease&&) = delete;
        ~Lease();

        mongoc_client_t* get() { return client_; }
        const std::string& database() const { return owner_->options_.database; }
        MongoCollection Collection(const char* name);
        // nullptr where the server knows no sessions.
        MongoSession Session();
        // A command on the database, or on `admin`. Errors: kForbidden (credentials, privileges),
        // kUpstream (a server too old for libmongoc), kInvalid (it does not take the command as it
        // is), else kUnavailable.
        Result<Bson> Command(const Bson& command, bool admin = false);

    private:
        friend class MongoClient;
        Lease(MongoClient* owner, mongoc_client_t* client) : owner_(owner), client_(client) {}
        MongoClient* owner_;
        mongoc_client_t* client_;
    };

    // Errors: kUnavailable when all clients stay taken for MongoOptions::queue.
    Result<Lease> Take();

    // Opens `count` connections now, so that the first requests, or those after a failover, need
    // not all authenticate at once.
    Result<bool> Warm(size_t count);

    // Why no member takes writes; nullopt while one does. Waits at most server_selection.
    std::optional<std::string> NoPrimary();

    const MongoOptions& options() const { return options_; }

private:
    MongoClient(MongoOptions options, mongoc_client_pool_t* pool)
        : options_(std::move(options)), pool_(pool) {}

    MongoOptions options_;
    mongoc_client_pool_t* pool_;
};

// The kinds of failure, by what the caller can do about them.
enum class Failure {
    kTransient,  // a failover, a lost connection, a time limit: the same again may succeed
    kForbidden,  // credentials or privileges: only an operator helps
    kRejected,   // the server (or libmongoc) does not take this command as it is
};
Failure FailureOf(const bson_error_t& error, const bson_t* reply);

// The error of a call that failed: kUnavailable, with the server's words.
Error ErrorOf(const bson_error_t& error);

ClusterMoment MomentOf(const mongoc_client_session_t* session);

}  // namespace barracuda::store
