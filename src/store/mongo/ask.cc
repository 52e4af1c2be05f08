#include "store/mongo/ask.h"

#include "store/mongo/address.h"

namespace barracuda::store {

namespace {

constexpr int64_t kAskMs = 60'000;

Result<std::vector<std::string>> Collect(mongoc_cursor_t* cursor) {
    std::vector<std::string> documents;
    const bson_t* document = nullptr;
    while (mongoc_cursor_next(cursor, &document)) documents.push_back(BytesOf(*document));
    bson_error_t error = {};
    const bson_t* reply = nullptr;
    if (mongoc_cursor_error_document(cursor, &error, &reply)) return Fail(ToldError(error, reply));
    return documents;
}

}  // namespace

Error ToldError(const bson_error_t& error, const bson_t* reply) {
    Error told = ErrorOf(error);
    auto failure = FailureOf(error, reply);
    if (failure == Failure::kForbidden) told.code = ErrorCode::kForbidden;
    if (failure == Failure::kRejected) told.code = ErrorCode::kInternal;
    return told;
}

Result<std::vector<std::string>> FindAll(
    MongoClient::Lease& lease, const char* collection, const Bson& filter, const Bson& options
) {
    Bson all;
    all.Merge(options);
    if (!bson_has_field(options.get(), "maxTimeMS")) all.Int("maxTimeMS", kAskMs);
    auto in = lease.Collection(collection);
    MongoCursor cursor(
        mongoc_collection_find_with_opts(in.get(), filter.get(), all.get(), nullptr),
        mongoc_cursor_destroy
    );
    return Collect(cursor.get());
}

Result<bool> HasAny(MongoClient::Lease& lease, const char* collection, const Bson& filter) {
    auto found = FindAll(lease, collection, filter, Bson().Int("limit", 1));
    if (!found) return Fail(found.error());
    return !found->empty();
}

Result<std::optional<std::string>> FindSetting(MongoClient::Lease& lease, std::string_view id) {
    auto found = FindAll(
        lease, NameOf(Collection::kSettings), Bson().Text("_id", id), Bson().Int("limit", 1)
    );
    if (!found) return Fail(found.error());
    if (found->empty()) return std::optional<std::string>();
    return std::optional(found->front());
}

Result<std::vector<std::string>> IndexesOf(MongoClient::Lease& lease, const char* collection) {
    auto in = lease.Collection(collection);
    MongoCursor cursor(
        mongoc_collection_find_indexes_with_opts(in.get(), nullptr), mongoc_cursor_destroy
    );
    return Collect(cursor.get());
}

}  // namespace barracuda::store
