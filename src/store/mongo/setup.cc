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
#include "store/mongo/ask.h"
#include "store/mongo/state.h"

namespace barracuda::store {

namespace {

constexpr int kWireVersionMin = 9;  // MongoDB 4.4

bool BoolIn(const Bson& reply, const char* field) {
    bson_iter_t at;
    return bson_iter_init_find(&at, reply.get(), field) && bson_iter_as_bool(&at);
}

std::optional<std::string> TextIn(const Bson& reply, const char* field) {
    bson_iter_t at;
    if (!bson_iter_init_find(&at, reply.get(), field)) return std::nullopt;
    return domain::ScalarText(at);
}

std::string NameOfIndex(const char* name, int since) {
    return fmt::format("barracuda_{}_v{}", name, since);
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
    const std::string work = NameOfIndex("work", 2);
    std::vector<Spec> specs = {
        {Collection::kConversions, kKeyIndex, {"click_id", "goal_id", "occurrence"}, true, ""},
        {Collection::kConversions, work, {"owner", "due"}, false, "due"},
        {Collection::kContacts, work, {"owner", "due"}, false, "due"},
    };
    for (const auto& index : Indexes()) {
        Spec spec{index.collection, NameOfIndex(index), {}, index.unique, ""};
        for (const char* field : index.fields) spec.fields.emplace_back(field);
        if (spec.fields[0] == "_id") continue;  // every collection has that one
        if (!spec.unique) spec.fields.emplace_back("_id");
        // A contact without a flag is one of those that have it not.
        if (index.collection == Collection::kContacts && spec.fields[0] != "createdAt" &&
            !IsFlagField(spec.fields[0])) {
            spec.only_with = spec.fields[0];
        }
        // Few have one.
        if (index.id == IndexId::kConversionDead || index.id == IndexId::kConversionTransaction) {
            spec.only_with = spec.fields[0];
        }
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

// Why an index of this name is not the one we want; empty: it is.
std::string WrongIn(const Spec& spec, const std::string& index) {
    const domain::TopFields fields(index);
    const std::string wanted = DefinitionOf(spec).Bytes();
    const domain::TopFields ours(wanted);
    std::vector<std::string> there;
    const std::string key(fields.Bytes("key"));
    bson_t view = ViewOf(key);
    bson_iter_t at;
    for (bool more = bson_iter_init(&at, &view); more && bson_iter_next(&at);) {
        there.emplace_back(bson_iter_key(&at));
    }
    if (there != spec.fields) return "is over other fields";
    if ((fields.TextOr("unique") == "true") != spec.unique) {
        return spec.unique ? "is not unique" : "is unique";
    }
    if (fields.Bytes("partialFilterExpression") != ours.Bytes("partialFilterExpression")) {
        return "covers other documents";
    }
    return {};
}

// Also proves that we may insert and update, before a request finds out.
Result<bool> SetMarker(MongoClient::Lease& lease) {
    auto in = lease.Collection(NameOf(Collection::kSettings));
    Bson filter, fields, update, options;
    filter.Text("_id", kMarkerId);
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

std::string NameOfIndex(const IndexDefinition& index) {
    return NameOfIndex(index.name, index.since);
}

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
        } else if (told.error().code == ErrorCode::kUpstream) {
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

Result<bool> BuildIndexes(MongoClient& client) {
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    for (Collection collection : kCollections) {
        Bson list, command;
        size_t count = 0;
        auto indexes = IndexesOf(*lease, NameOf(collection));
        if (!indexes) return Fail(indexes.error());
        std::set<std::string> there;
        for (const auto& index : *indexes) {
            there.insert(domain::TopText(index, "name").value_or(""));
        }
        for (const auto& spec : Specs()) {
            if (spec.collection != collection || there.contains(spec.name)) continue;
            list.Document(std::to_string(count++), DefinitionOf(spec));
        }
        if (count == 0) continue;
        command.Text("createIndexes", NameOf(collection)).Array("indexes", list);
        command.Document("writeConcern", Bson().Text("w", "majority"));
        auto built = lease->Command(command);
        if (built) continue;
        if (built.error().code == ErrorCode::kForbidden) return Fail(Missing(built.error()));
        return Fail(
            built.error().code,
            fmt::format("indexes of {}: {}", NameOf(collection), built.error().message)
        );
    }
    return true;
}

Result<bool> Prepare(MongoClient& client) {
    if (auto built = BuildIndexes(client); !built) return built;
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    auto set = SetMarker(*lease);
    if (!set && set.error().code == ErrorCode::kForbidden) return Fail(Missing(set.error()));
    return set;
}

Result<std::vector<std::string>> IndexFindings(MongoClient& client) {
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    std::vector<std::string> findings;
    for (const auto& spec : Specs()) {
        auto indexes = IndexesOf(*lease, NameOf(spec.collection));
        if (!indexes) return Fail(indexes.error());
        auto at = std::find_if(indexes->begin(), indexes->end(), [&](const auto& index) {
            return domain::TopText(index, "name") == spec.name;
        });
        if (at == indexes->end()) {
            findings.push_back(fmt::format("{} lacks {}", NameOf(spec.collection), spec.name));
        } else if (auto wrong = WrongIn(spec, *at); !wrong.empty()) {
            findings.push_back(fmt::format("{}: {} {}", NameOf(spec.collection), spec.name, wrong));
        }
    }
    return findings;
}

}  // namespace barracuda::store
