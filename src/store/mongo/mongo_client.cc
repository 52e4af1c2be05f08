#include "store/mongo/mongo_client.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace barracuda::store {

void UnlinkMongoCounters() { shm_unlink(fmt::format("/mongoc-{}", getpid()).c_str()); }

namespace {

// libmongoc wants to be initialised once before everything and is left alone at the end: threads of
// ours may still hold clients while the program ends.
void InitOnce() {
    static const bool done = [] {
        // Its own words reach us as errors; by itself it would print addresses.
        mongoc_log_set_handler(nullptr, nullptr);
        mongoc_init();
        return true;
    }();
    (void)done;
}

void SetUnlessSaid(mongoc_uri_t* uri, const char* option, std::chrono::milliseconds value) {
    if (mongoc_uri_get_option_as_int32(uri, option, -1) >= 0) return;
    mongoc_uri_set_option_as_int32(uri, option, static_cast<int32_t>(value.count()));
}

// Options that our promises rest on are set here and not taken from the address.
void SetPromises(mongoc_uri_t* uri, const MongoOptions& options) {
    SetUnlessSaid(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, options.server_selection);
    SetUnlessSaid(uri, MONGOC_URI_CONNECTTIMEOUTMS, options.connect);
    SetUnlessSaid(uri, MONGOC_URI_SOCKETTIMEOUTMS, options.socket);
    SetUnlessSaid(uri, MONGOC_URI_HEARTBEATFREQUENCYMS, std::chrono::milliseconds(2'000));
    SetUnlessSaid(uri, MONGOC_URI_WAITQUEUETIMEOUTMS, options.queue);
    mongoc_uri_set_option_as_int32(
        uri, MONGOC_URI_MAXPOOLSIZE, static_cast<int32_t>(options.clients_max)
    );
    mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYWRITES, true);
    mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYREADS, true);
    mongoc_write_concern_t* write = mongoc_write_concern_new();
    mongoc_write_concern_set_wmajority(write, static_cast<int32_t>(options.write_concern.count()));
    mongoc_write_concern_set_journal(write, true);
    mongoc_uri_set_write_concern(uri, write);
    mongoc_write_concern_destroy(write);
    mongoc_read_concern_t* read = mongoc_read_concern_new();
    mongoc_read_concern_set_level(read, MONGOC_READ_CONCERN_LEVEL_MAJORITY);
    mongoc_uri_set_read_concern(uri, read);
    mongoc_read_concern_destroy(read);
    mongoc_read_prefs_t* prefer = mongoc_read_prefs_new(MONGOC_READ_PRIMARY);
    mongoc_uri_set_read_prefs_t(uri, prefer);
    mongoc_read_prefs_destroy(prefer);
}

bool IsTransientCode(uint32_t code) {
    // Failovers, shutdowns, lost connections, time limits and stale routing of the server.
    static constexpr uint32_t kCodes[] = {
        6,   7,   50,  63,  64,  89,  91,  100,  112,   117,   133,   134,   150,   189,  202,
        216, 234, 246, 262, 290, 317, 384, 9001, 10107, 11600, 11602, 13388, 13435, 13436};
    return std::find(std::begin(kCodes), std::end(kCodes), code) != std::end(kCodes);
}

}  // namespace

Result<std::unique_ptr<MongoClient>> MongoClient::Open(const MongoOptions& options) {
    InitOnce();
    bson_error_t error = {};
    std::unique_ptr<mongoc_uri_t, decltype(&mongoc_uri_destroy)> uri(
        mongoc_uri_new_with_error(options.uri.c_str(), &error), mongoc_uri_destroy
    );
    if (!uri) {
        return Fail(
            ErrorCode::kInvalid, fmt::format("the MongoDB address is wrong: {}", error.message)
        );
    }
    SetPromises(uri.get(), options);
    mongoc_client_pool_t* pool = mongoc_client_pool_new_with_error(uri.get(), &error);
    if (!pool) {
        return Fail(
            ErrorCode::kInvalid,
            fmt::format("the MongoDB address cannot be used: {}", error.message)
        );
    }
    mongoc_client_pool_set_error_api(pool, 2);
    // How the server's own log calls us, where the address does not say.
    if (!mongoc_uri_get_appname(uri.get())) mongoc_client_pool_set_appname(pool, "barracuda");
    return std::unique_ptr<MongoClient>(new MongoClient(options, pool));
}

MongoClient::~MongoClient() { mongoc_client_pool_destroy(pool_); }

MongoClient::Lease::~Lease() {
    if (client_) mongoc_client_pool_push(owner_->pool_, client_);
}

MongoCollection MongoClient::Lease::Collection(const char* name) {
    return {
        mongoc_client_get_collection(client_, database().c_str(), name), mongoc_collection_destroy};
}

MongoSession MongoClient::Lease::Session() {
    bson_error_t error;
    return {mongoc_client_start_session(client_, nullptr, &error), mongoc_client_session_destroy};
}

Result<Bson> MongoClient::Lease::Command(const Bson& command, bool admin) {
    Bson reply;
    bson_t raw;
    bson_error_t error = {};
    bool done = mongoc_client_command_simple(
        client_, admin ? "admin" : database().c_str(), command.get(), nullptr, &raw, &error
    );
    bson_concat(reply.get(), &raw);
    bson_destroy(&raw);
    if (done) return reply;
    Error failed = ErrorOf(error);
    if (FailureOf(error, reply.get()) == Failure::kForbidden) failed.code = ErrorCode::kForbidden;
    if (FailureOf(error, reply.get()) == Failure::kRejected) failed.code = ErrorCode::kInvalid;
    if (error.domain == MONGOC_ERROR_PROTOCOL &&
        error.code == MONGOC_ERROR_PROTOCOL_BAD_WIRE_VERSION) {
        failed.code = ErrorCode::kUpstream;
    }
    return Fail(failed);
}

Result<MongoClient::Lease> MongoClient::Take() {
    mongoc_client_t* client = mongoc_client_pool_pop(pool_);
    if (!client) return Fail(ErrorCode::kUnavailable, "every connection to MongoDB is busy");
    return Lease(this, client);
}

Result<bool> MongoClient::Warm(size_t count) {
    std::vector<Lease> leases;
    Bson ping;
    ping.Int("ping", 1);
    for (size_t i = 0; i < std::min<size_t>(count, options_.clients_max); ++i) {
        auto lease = Take();
        if (!lease) return Fail(lease.error());
        leases.push_back(std::move(*lease));
        if (auto pong = leases.back().Command(ping); !pong) return Fail(pong.error());
    }
    return true;
}

std::optional<std::string> MongoClient::NoPrimary() {
    auto lease = Take();
    if (!lease) return lease.error().message;
    bson_error_t error = {};
    std::unique_ptr<mongoc_server_description_t, decltype(&mongoc_server_description_destroy)>
        server(
            mongoc_client_select_server(lease->get(), true, nullptr, &error),
            mongoc_server_description_destroy
        );
    if (server) return std::nullopt;
    return fmt::format("MongoDB has no primary that takes writes: {}", error.message);
}

Failure FailureOf(const bson_error_t& error, const bson_t* reply) {
    if (error.domain == MONGOC_ERROR_CLIENT && error.code == MONGOC_ERROR_CLIENT_AUTHENTICATE) {
        return Failure::kForbidden;
    }
    if (error.domain == MONGOC_ERROR_SERVER || error.domain == MONGOC_ERROR_WRITE_CONCERN) {
        if (error.code == 13 || error.code == 18) return Failure::kForbidden;
        if (IsTransientCode(error.code)) return Failure::kTransient;
    }
    if (reply && (mongoc_error_has_label(reply, "RetryableWriteError") ||
                  mongoc_error_has_label(reply, "TransientTransactionError"))) {
        return Failure::kTransient;
    }
    switch (error.domain) {
        case MONGOC_ERROR_STREAM:
        case MONGOC_ERROR_SERVER_SELECTION:
        case MONGOC_ERROR_PROTOCOL:
        case MONGOC_ERROR_WRITE_CONCERN:
        case MONGOC_ERROR_CLIENT:
            return Failure::kTransient;
        default:
            return Failure::kRejected;
    }
}

Error ErrorOf(const bson_error_t& error) {
    return {ErrorCode::kUnavailable, fmt::format("MongoDB: {}", error.message), {}};
}

ClusterMoment MomentOf(const mongoc_client_session_t* session) {
    ClusterMoment moment;
    if (session) {
        mongoc_client_session_get_operation_time(session, &moment.seconds, &moment.increment);
    }
    return moment;
}

}  // namespace barracuda::store
