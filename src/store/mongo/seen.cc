#include "store/mongo/seen.h"

#include <memory>

#include "store/document_ref.h"
#include "store/mongo/ask.h"

namespace barracuda::store {

namespace {

constexpr int kTries = 3;  // of a read during which the primary changed
constexpr int32_t kConfirmMs = 1'500;

using Server =
    std::unique_ptr<mongoc_server_description_t, decltype(&mongoc_server_description_destroy)>;

// Host and election: a primary that steps down and up again is another one.
std::string ElectionOf(const mongoc_server_description_t* server) {
    if (!server) return {};
    bson_iter_t at;
    const bson_t* hello = mongoc_server_description_hello_response(server);
    if (!hello || !bson_iter_init_find(&at, hello, "electionId") || !BSON_ITER_HOLDS_OID(&at)) {
        return {};
    }
    char election[25];
    bson_oid_to_string(bson_iter_oid(&at), election);
    return std::string(mongoc_server_description_host(server)->host_and_port) + ' ' + election;
}

Error Unconfirmed(const std::string& why) {
    return {
        ErrorCode::kUnavailable,
        "MongoDB has a new primary that has confirmed no write of this node yet: " + why,
        {}};
}

}  // namespace

void Seen::Note(const mongoc_client_session_t* session) {
    const ClusterMoment moment = MomentOf(session);
    MutexLock lock(mutex_);
    if (moment <= moment_) return;
    moment_ = moment;
    if (const bson_t* time = mongoc_client_session_get_cluster_time(session)) {
        cluster_time_ = BytesOf(*time);
    }
}

MongoSession Seen::Session(MongoClient::Lease& lease) {
    auto session = lease.Session();
    MutexLock lock(mutex_);
    if (!session || moment_ == ClusterMoment{}) return session;
    if (!cluster_time_.empty()) {
        const bson_t time = ViewOf(cluster_time_);
        mongoc_client_session_advance_cluster_time(session.get(), &time);
    }
    mongoc_client_session_advance_operation_time(session.get(), moment_.seconds, moment_.increment);
    return session;
}

bool Seen::IsConfirmed(const Election& election) const {
    if (primaries_ == Primaries::kAny) return true;
    MutexLock lock(mutex_);
    return election.empty() || election == confirmed_;
}

// An update that matches nothing: the server waits all the same until a majority has what the
// primary had at that moment, its own election included.
Result<bool> Seen::Confirm(MongoClient::Lease& lease) {
    bson_error_t error = {};
    const Server server(
        mongoc_client_select_server(lease.get(), true, nullptr, &error),
        mongoc_server_description_destroy
    );
    if (!server) return Fail(ErrorOf(error));
    const Election election = ElectionOf(server.get());
    if (IsConfirmed(election)) return true;
    auto session = lease.Session();
    Bson update, command, options;
    update.Document("q", Bson().Text("_id", kMarkerId).Int("rev", -1));
    update.Document("u", Bson().Document("$set", Bson().Int("rev", -1)));
    command.Text("update", NameOf(Collection::kSettings));
    command.Array("updates", Bson().Document("0", update));
    command.Document(
        "writeConcern", Bson().Text("w", "majority").Bool("j", true).Int("wtimeout", kConfirmMs)
    );
    options.Int("serverId", mongoc_server_description_id(server.get()));
    if (session && !mongoc_client_session_append(session.get(), options.get(), &error)) {
        return Fail(ErrorOf(error));
    }
    bson_t reply;
    const bool done = mongoc_client_command_with_opts(
        lease.get(), lease.database().c_str(), command.get(), nullptr, options.get(), &reply, &error
    );
    bson_iter_t at;
    const bool refused = bson_iter_init_find(&at, &reply, "writeConcernError") ||
                         bson_iter_init_find(&at, &reply, "writeErrors");
    bson_destroy(&reply);
    if (!done || refused) return Fail(Unconfirmed(done ? "no majority in time" : error.message));
    Note(session.get());
    MutexLock lock(mutex_);
    confirmed_ = election;
    return true;
}

Result<std::optional<std::vector<std::string>>> Seen::FindOnce(
    MongoClient::Lease& lease, const char* collection, const Bson& filter, const Bson& options
) {
    if (auto may = Confirm(lease); !may) return Fail(may.error());
    auto session = Session(lease);
    Bson all;
    all.Merge(options);
    bson_error_t error = {};
    if (session) mongoc_client_session_append(session.get(), all.get(), &error);
    auto in = lease.Collection(collection);
    const MongoCursor cursor(
        mongoc_collection_find_with_opts(in.get(), filter.get(), all.get(), nullptr),
        mongoc_cursor_destroy
    );
    std::vector<std::string> documents;
    const bson_t* document = nullptr;
    while (mongoc_cursor_next(cursor.get(), &document)) documents.push_back(BytesOf(*document));
    const bson_t* reply = nullptr;
    if (mongoc_cursor_error_document(cursor.get(), &error, &reply)) {
        Error failed = ErrorOf(error);
        if (FailureOf(error, reply) != Failure::kTransient) failed.code = ErrorCode::kInternal;
        return Fail(failed);
    }
    const Server server(
        mongoc_client_get_server_description(lease.get(), mongoc_cursor_get_hint(cursor.get())),
        mongoc_server_description_destroy
    );
    if (!IsConfirmed(ElectionOf(server.get()))) return std::nullopt;
    if (session) Note(session.get());
    return std::optional(std::move(documents));
}

Result<std::vector<std::string>> Seen::Find(
    MongoClient::Lease& lease, const char* collection, const Bson& filter, const Bson& options
) {
    Error failed = Unconfirmed("it changes too fast");
    for (int tries = 0; tries < kTries; ++tries) {
        auto found = FindOnce(lease, collection, filter, options);
        if (found && *found) return std::move(**found);
        if (found) continue;
        failed = found.error();
        break;
    }
    faults_.Report(Fault::kStore, collection, failed.message);
    return Fail(std::move(failed));
}

}  // namespace barracuda::store
