#include "store/mongo/setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

#include "base/time.h"
#include "domain/bson.h"
#include "store/index.h"
#include "store/mongo/address.h"

namespace barracuda::store {

namespace {

constexpr int kWireVersionMin = 9;  // MongoDB 4.4
constexpr const char* kMarker = "barracuda";

bool BoolIn(const Bson& reply, const char* field) {
    bson_iter_t at;
    return bson_iter_init_find(&at, reply.get(), field) && bson_iter_as_bool(&at);
}

std::optional<std::string> TextIn(const Bson& reply, const char* field) {
    bson_iter_t at;
    if (!bson_iter_init_find(&at, reply.get(), field)) return std::nullopt;
    return domain::ScalarText(at);
}

struct Spec {
    Collection collection;
    std::string name;
    std::vector<std::string> fields;
    bool unique = false;
    std::string only_with;  // partial: the document has this field
};

// The primary key of conversions and the queue of unfinished work are keys of their own in RocksDB;
// here they are indexes. `_id` ends every other one, so that pages have one order.
std::vector<Spec> Specs() {
    auto name = [](const char* of) { return fmt::format("barracuda_{}_v{}", of, kIndexVersion); };
    std::vector<Spec> specs = {
        {Collection::kConversions, name("key"), {"click_id", "goal_id", "occurrence"}, true, ""},
        {Collection::kConversions, name("work"), {"owner", "due"}, false, "due"},
        {Collection::kContacts, name("work"), {"owner", "due"}, false, "due"},
    };
    for (const auto& index : Indexes()) {
        Spec spec{index.collection, name(index.name), {}, index.unique, ""};
        for (const char* field : index.fields) spec.fields.emplace_back(field);
        if (spec.fields[0] == "_id") continue;  // every collection has that one
        if (!spec.unique) spec.fields.emplace_back("_id");
        if (index.collection == Collection::kContacts && spec.fields[0] != "createdAt") {
            spec.only_with = spec.fields[0];
        }
        if (index.id == IndexId::kConversionDead) spec.only_with = spec.fields[0];
        specs.push_back(std::move(spec));
    }
    return specs;
}

Bson DefinitionOf(const Spec& spec) {
    Bson keys, index;
    for (const auto& field : spec.fields) keys.Int(field, 1);
    index.Document("key", keys).Text("name", spec.name);
    if (spec.unique) index.Bool("unique", true);
    if (!spec.only_with.empty()) {
        Bson exists;
        exists.Document(spec.only_with, Bson().Bool("$exists", true));
        index.Document("partialFilterExpression", exists);
    }
    return index;
}

Result<std::set<std::string>> IndexNames(MongoClient::Lease& lease, Collection collection) {
    std::set<std::string> names;
    auto in = lease.Collection(NameOf(collection));
    std::unique_ptr<mongoc_cursor_t, decltype(&mongoc_cursor_destroy)> cursor(
        mongoc_collection_find_indexes_with_opts(in.get(), nullptr), mongoc_cursor_destroy
    );
    const bson_t* index = nullptr;
    while (mongoc_cursor_next(cursor.get(), &index)) {
        bson_iter_t at;
        if (bson_iter_init_find(&at, index, "name")) {
            names.insert(domain::ScalarText(at).value_or(""));
        }
    }
    bson_error_t error = {};
    if (mongoc_cursor_error(cursor.get(), &error)) return Fail(ErrorOf(error));
    return names;
}

Result<bool> HasAny(MongoClient::Lease& lease, const char* name, const Bson& filter) {
    auto in = lease.Collection(name);
    Bson options;
    options.Int("limit", 1).Int("maxTimeMS", 4'000);
    std::unique_ptr<mongoc_cursor_t, decltype(&mongoc_cursor_destroy)> cursor(
        mongoc_collection_find_with_opts(in.get(), filter.get(), options.get(), nullptr),
        mongoc_cursor_destroy
    );
    const bson_t* document = nullptr;
    bool found = mongoc_cursor_next(cursor.get(), &document);
    bson_error_t error = {};
    if (mongoc_cursor_error(cursor.get(), &error)) return Fail(ErrorOf(error));
    return found;
}

Result<bool> HasMarker(MongoClient::Lease& lease) {
    return HasAny(lease, NameOf(Collection::kSettings), Bson().Text("_id", kMarker));
}

// Also proves that we may insert and update, before a request finds out.
Result<bool> SetMarker(MongoClient::Lease& lease) {
    auto in = lease.Collection(NameOf(Collection::kSettings));
    Bson filter, fields, update, options;
    filter.Text("_id", kMarker);
    fields.Int("index_version", kIndexVersion).Date("updatedAt", Time::Now());
    update.Document("$set", fields)
        .Document("$setOnInsert", Bson().Int("rev", 1).Date("createdAt", Time::Now()));
    options.Bool("upsert", true);
    bson_error_t error = {};
    for (int tries = 0;; ++tries) {
        if (mongoc_collection_update_one(
                in.get(), filter.get(), update.get(), options.get(), nullptr, &error
            )) {
            return true;
        }
        if (error.code == 11000 && tries < 3) continue;  // another node starts at this moment
        Error failed = ErrorOf(error);
        if (FailureOf(error, nullptr) == Failure::kForbidden) failed.code = ErrorCode::kForbidden;
        return Fail(failed);
    }
}

Error Missing(const Error& error) {
    return {
        ErrorCode::kForbidden,
        "the MongoDB user lacks a privilege on this database (readWrite is what it needs): " +
            error.message,
        {}};
}

}  // namespace

Result<bool> CheckServer(
    MongoClient& client, bool allow_standalone, std::chrono::milliseconds patience
) {
    Bson hello;
    hello.Int("isMaster", 1);
    auto until = std::chrono::steady_clock::now() + patience;
    for (;;) {
        auto lease = client.Take();
        if (!lease) return Fail(lease.error());
        auto told = lease->Command(hello, true);
        if (told) {
            bson_iter_t at;
            bool found = bson_iter_init_find(&at, told->get(), "maxWireVersion");
            if (!found || bson_iter_as_int64(&at) < kWireVersionMin) {
                return Fail(ErrorCode::kInvalid, "this MongoDB is too old: 4.4 or later is needed");
            }
            bool cluster = TextIn(*told, "setName") || TextIn(*told, "msg") == "isdbgrid";
            if (!cluster && !allow_standalone) {
                return Fail(
                    ErrorCode::kInvalid,
                    "this MongoDB is a standalone server, where a crash can take back what was "
                    "confirmed: use a replica set, or set store.allow_standalone = true"
                );
            }
            if (BoolIn(*told, "ismaster")) return true;
        } else if (told.error().code == ErrorCode::kForbidden) {
            return Fail(ErrorCode::kInvalid, "wrong credentials: " + told.error().message);
        } else if (told.error().message.find("wire version") != std::string::npos) {
            return Fail(
                ErrorCode::kInvalid,
                "this MongoDB is too old: 4.4 or later is needed (" + told.error().message + ")"
            );
        }
        if (std::chrono::steady_clock::now() > until) {
            std::string why = told ? "it takes no writes" : told.error().message;
            return Fail(ErrorCode::kInvalid, "no MongoDB primary can be reached: " + why);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
}

Result<std::optional<std::string>> ForeignContent(MongoClient& client) {
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    auto marked = HasMarker(*lease);
    if (!marked) return Fail(marked.error());
    if (*marked) return std::optional<std::string>();
    for (const char* name : {"conversions", "contacts", "postbacks", "ftds"}) {
        auto content = HasAny(*lease, name, Bson());
        if (!content) return Fail(content.error());
        if (*content) {
            return std::optional(fmt::format(
                "the database {} holds {} of another application: run barracuda adopt first",
                lease->database(),
                name
            ));
        }
    }
    return std::optional<std::string>();
}

Result<bool> Prepare(MongoClient& client) {
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    for (Collection collection : kCollections) {
        Bson list, command;
        size_t count = 0;
        auto there = IndexNames(*lease, collection);
        if (!there) return Fail(there.error());
        for (const auto& spec : Specs()) {
            if (spec.collection != collection || there->contains(spec.name)) continue;
            list.Document(std::to_string(count++), DefinitionOf(spec));
        }
        if (count == 0) continue;
        command.Text("createIndexes", NameOf(collection)).Array("indexes", list);
        command.Document("writeConcern", Bson().Text("w", "majority"));
        auto built = lease->Command(command);
        if (built) continue;
        if (built.error().code == ErrorCode::kForbidden) return Fail(Missing(built.error()));
        return Fail(
            ErrorCode::kUnavailable,
            fmt::format("indexes of {}: {}", NameOf(collection), built.error().message)
        );
    }
    auto set = SetMarker(*lease);
    if (!set && set.error().code == ErrorCode::kForbidden) return Fail(Missing(set.error()));
    return set;
}

Result<std::vector<std::string>> MissingIndexes(MongoClient& client) {
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    std::vector<std::string> missing;
    for (const auto& spec : Specs()) {
        auto there = IndexNames(*lease, spec.collection);
        if (!there) return Fail(there.error());
        if (!there->contains(spec.name)) {
            missing.push_back(fmt::format("{} lacks {}", NameOf(spec.collection), spec.name));
        }
    }
    return missing;
}

}  // namespace barracuda::store
