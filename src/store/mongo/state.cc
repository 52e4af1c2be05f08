#include "store/mongo/state.h"

#include <fmt/format.h>

#include <algorithm>

#include "domain/bson.h"
#include "store/mongo/address.h"
#include "store/mongo/ask.h"

namespace barracuda::store {

namespace {

constexpr size_t kSample = 20;  // documents looked at to know whose a collection is
// Of other databases: looked at, named, and the time for each.
constexpr size_t kDatabasesMax = 100, kNamedMax = 5;
constexpr int64_t kLookMs = 200;

// The seed's collections, and fields of which its documents there have one of each list. Clicks and
// goals are nobody else's: beside such a collection the others are the seed's too, however little
// is in their documents.
struct SeedCollection {
    const char* name;
    std::vector<std::vector<const char*>> has;
    bool speaks_for_all = false;
};

const std::vector<SeedCollection>& SeedCollections() {
    static const std::vector<SeedCollection> kSeed = {
        {"conversions", {{"click_id"}, {"goal_id", "goal_type"}}, true},
        {"postbacks", {{"click_id"}, {"goal"}}, true},
        {"ftds", {{"click_id"}, {"amount", "affiliate_id"}}, true},
        {"contacts",
         {{"sub1",
           "ftd",
           "affiliate_id",
           "affiliateRegistered",
           "affiliateError",
           "affiliate_status",
           "tracking_source",
           "tracking_link",
           "clicked_url",
           "campaign_id"}}},
        {"admins", {{"email"}, {"password"}}},
    };
    return kSeed;
}

bool LooksLike(const SeedCollection& seed, const std::string& document) {
    const domain::TopFields fields(document);
    return std::all_of(seed.has.begin(), seed.has.end(), [&](const auto& names) {
        return std::any_of(names.begin(), names.end(), [&](const char* name) {
            return fields.Find(name) != nullptr;
        });
    });
}

Result<std::vector<std::string>> CollectionNames(MongoClient::Lease& lease) {
    bson_error_t error = {};
    std::unique_ptr<mongoc_database_t, decltype(&mongoc_database_destroy)> database(
        mongoc_client_get_database(lease.get(), lease.database().c_str()), mongoc_database_destroy
    );
    Bson options;
    options.Bool("authorizedCollections", true).Bool("nameOnly", true);
    char** names =
        mongoc_database_get_collection_names_with_opts(database.get(), options.get(), &error);
    if (!names) return Fail(ToldError(error));
    std::vector<std::string> found;
    for (char** name = names; *name; ++name) found.emplace_back(*name);
    bson_strfreev(names);
    std::sort(found.begin(), found.end());
    return found;
}

DatabaseState Foreign(const MongoClient::Lease& lease, const std::string& what) {
    return {
        DatabaseKind::kForeign,
        fmt::format(
            "the database {} holds {}: it belongs to another application; name an empty database, "
            "or the old application's, with store.database (DB_NAME)",
            lease.database(),
            what
        )};
}

DatabaseState BeingAdopted(const MongoClient::Lease& lease, const std::string& record) {
    const domain::TopFields fields(record);
    const std::string step = fields.TextOr("step");
    const std::string place =
        step.empty() ? "it has just begun"
                     : fmt::format(
                           "{}: {} of about {}", step, fields.Number("done"), fields.Number("total")
                       );
    return {
        DatabaseKind::kBeingAdopted,
        fmt::format(
            "the database {} is being adopted ({}): if barracuda adopt does not run any more, run "
            "it again, it goes on where it stopped",
            lease.database(),
            place
        )};
}

const SeedCollection* SeedNamed(const std::string& name) {
    for (const auto& seed : SeedCollections()) {
        if (name == seed.name) return &seed;
    }
    return nullptr;
}

bool IsOurs(const std::string& name) {
    return std::any_of(std::begin(kCollections), std::end(kCollections), [&](Collection ours) {
        return name == NameOf(ours);
    });
}

// Of collections with content and no marker.
Result<DatabaseState> Judge(MongoClient::Lease& lease, const std::vector<std::string>& names) {
    std::vector<std::string> seeds, others, unlike;
    bool spoken_for = false;
    for (const auto& name : names) {
        if (name.starts_with("system.") || name == "adoption_aside") continue;
        Bson filter;
        if (name == NameOf(Collection::kSettings)) {
            filter.Document("_id", Bson().Text("$ne", kAdoptionId));
        }
        auto sample = FindAll(lease, name.c_str(), filter, Bson().Int("limit", kSample));
        if (!sample) return Fail(sample.error());
        if (sample->empty()) continue;
        const auto* seed = SeedNamed(name);
        if (!seed && IsOurs(name)) {
            return Foreign(lease, fmt::format("documents in {} and no marker of ours", name));
        }
        if (!seed) {
            others.push_back(name);
        } else if (std::any_of(sample->begin(), sample->end(), [&](const auto& document) {
                       return LooksLike(*seed, document);
                   })) {
            seeds.push_back(name);
            spoken_for |= seed->speaks_for_all;
        } else if (seed->speaks_for_all) {
            return Foreign(lease, fmt::format("{} that are not the old application's", name));
        } else {
            unlike.push_back(name);
        }
    }
    if (!unlike.empty() && !spoken_for) {
        return Foreign(lease, fmt::format("{} that are not the old application's", unlike.front()));
    }
    if (!seeds.empty()) {
        return DatabaseState{
            DatabaseKind::kSeed,
            fmt::format(
                "the database {} holds {} of the old application and is not adopted: stop that "
                "application, then run barracuda adopt",
                lease.database(),
                seeds.front()
            )};
    }
    if (!others.empty()) return Foreign(lease, "the collection " + others.front());
    return DatabaseState{};
}

bool IsNarrow(const std::string& index) {
    const domain::TopFields fields(index);
    const domain::TopFields key(fields.Bytes("key"));
    return fields.TextOr("unique") == "true" && key.Find("click_id") && key.Find("goal_id") &&
           domain::TopText(index, "name") && !key.Find("occurrence");
}

}  // namespace

Result<DatabaseState> LookAt(MongoClient& client) {
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    auto marker = FindSetting(*lease, kMarkerId);
    if (!marker) return Fail(marker.error());
    if (*marker) return DatabaseState{DatabaseKind::kOurs};
    auto record = FindSetting(*lease, kAdoptionId);
    if (!record) return Fail(record.error());
    if (*record) return BeingAdopted(*lease, **record);
    auto names = CollectionNames(*lease);
    if (!names) return Fail(names.error());
    return Judge(*lease, *names);
}

Result<std::string> NarrowIndex(MongoClient& client) {
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    auto indexes = IndexesOf(*lease, NameOf(Collection::kConversions));
    if (!indexes) return Fail(indexes.error());
    for (const auto& index : *indexes) {
        if (IsNarrow(index)) return domain::TopText(index, "name").value_or("");
    }
    return std::string();
}

Result<bool> DropNarrowIndex(MongoClient& client) {
    auto name = NarrowIndex(client);
    if (!name) return Fail(name.error());
    if (name->empty()) return false;
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    Bson command;
    command.Text("dropIndexes", NameOf(Collection::kConversions)).Text("index", *name);
    command.Document("writeConcern", Bson().Text("w", "majority"));
    auto dropped = lease->Command(command);
    if (!dropped) return Fail(dropped.error());
    return true;
}

Result<bool> HoldsConversions(MongoClient& client) {
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    return HasAny(*lease, NameOf(Collection::kConversions), Bson());
}

Result<std::vector<std::string>> OthersWithConversions(MongoClient& client) {
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    Bson all, first;
    all.Bool("authorizedDatabases", true);  // their names only: libmongoc says so itself
    first.Int("limit", 1).Int("maxTimeMS", kLookMs);
    bson_error_t error = {};
    char** names = mongoc_client_get_database_names_with_opts(lease->get(), all.get(), &error);
    if (!names) return Fail(ToldError(error));
    std::vector<std::string> others;
    for (size_t i = 0; names[i] && i < kDatabasesMax && others.size() < kNamedMax; ++i) {
        if (lease->database() == names[i]) continue;
        const MongoCollection in(
            mongoc_client_get_collection(lease->get(), names[i], NameOf(Collection::kConversions)),
            mongoc_collection_destroy
        );
        const MongoCursor cursor(
            mongoc_collection_find_with_opts(in.get(), Bson().get(), first.get(), nullptr),
            mongoc_cursor_destroy
        );
        const bson_t* document = nullptr;
        const bool any = mongoc_cursor_next(cursor.get(), &document);
        if (any && LooksLike(SeedCollections().front(), BytesOf(*document))) {
            others.emplace_back(names[i]);
        }
    }
    bson_strfreev(names);
    return others;
}

std::string TwoUniqueIndexes(const std::string& index, const std::string& goal) {
    return fmt::format(
        "conversions has two unique indexes: goal {} counts several times a click, and {} would "
        "refuse "
        "the second one. The old application makes it: stop that, then drop it with "
        "db.conversions.dropIndex(\"{}\")",
        goal,
        index,
        index
    );
}

Result<std::vector<std::string>> RepeatableGoals(MongoClient& client) {
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    auto record = FindSetting(*lease, "goal_rules");
    if (!record) return Fail(record.error());
    std::vector<std::string> goals;
    if (!*record) return goals;
    const domain::TopFields fields(**record);
    for (const char* name : {"repeatable", "announced"}) {
        bson_iter_t element;
        const bson_iter_t* at = fields.Find(name);
        if (!at || !BSON_ITER_HOLDS_ARRAY(at) || !bson_iter_recurse(at, &element)) continue;
        while (bson_iter_next(&element)) {
            if (auto text = domain::ScalarText(element)) goals.push_back(*text);
        }
    }
    return goals;
}

}  // namespace barracuda::store
