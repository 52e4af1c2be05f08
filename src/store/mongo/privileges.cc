#include "store/mongo/privileges.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "domain/bson.h"
#include "domain/entity.h"
#include "store/document_ref.h"
#include "store/mongo/ask.h"

namespace barracuda::store {

namespace {

constexpr const char* kNode[] = {
    "find", "insert", "update", "remove", "createIndex", "listIndexes"};
constexpr const char* kAdoption[] = {"dropIndex", "listCollections"};

// Actions that the user has on all of our collections: on each, on the database, or on any.
std::set<std::string> ActionsIn(const domain::TopFields& auth, const std::string& database) {
    std::map<std::string, std::set<std::string>> of_collection;
    bson_iter_t entry;
    const auto* list = auth.Find("authenticatedUserPrivileges");
    if (!list || !BSON_ITER_HOLDS_ARRAY(list) || !bson_iter_recurse(list, &entry)) return {};
    while (bson_iter_next(&entry)) {
        const domain::TopFields privilege(domain::BytesOf(entry));
        const std::string resource(privilege.Bytes("resource"));
        const domain::TopFields on(resource);
        const std::string db = on.TextOr("db"), name = on.TextOr("collection");
        const bool any = on.TextOr("anyResource") == "true";
        if (!any && (!on.Find("db") || (!db.empty() && db != database))) continue;
        for (const auto& action : domain::TextsIn(privilege, "actions")) {
            for (Collection ours : kCollections) {
                if (any || name.empty() || name == NameOf(ours)) {
                    of_collection[NameOf(ours)].insert(action);
                }
            }
        }
    }
    std::set<std::string> everywhere = of_collection[NameOf(Collection::kConversions)];
    for (Collection ours : kCollections) {
        std::erase_if(everywhere, [&](const auto& action) {
            return !of_collection[NameOf(ours)].contains(action);
        });
    }
    return everywhere;
}

}  // namespace

Result<Privileges> LookAtPrivileges(MongoClient::Lease& lease, bool adopts) {
    auto reply = lease.Command(Bson::Json(R"({"connectionStatus":1,"showPrivileges":true})"));
    if (!reply) return Fail(reply.error());
    const std::string bytes = reply->Bytes();
    const domain::TopFields fields(bytes);
    const std::string auth_bytes(fields.Bytes("authInfo"));
    const domain::TopFields auth(auth_bytes);
    bson_iter_t user;
    const auto* users = auth.Find("authenticatedUsers");
    Privileges found;
    found.known = users && BSON_ITER_HOLDS_ARRAY(users) && bson_iter_recurse(users, &user) &&
                  bson_iter_next(&user) && auth.Find("authenticatedUserPrivileges");
    if (!found.known) {
        auto asked = FindSetting(lease, "");
        found.wants_a_user = !asked && asked.error().code == ErrorCode::kForbidden;
        return found;
    }
    const auto actions = ActionsIn(auth, lease.database());
    auto need = [&](const char* action) {
        if (!actions.contains(action)) found.missing.emplace_back(action);
    };
    std::for_each(std::begin(kNode), std::end(kNode), need);
    if (adopts) std::for_each(std::begin(kAdoption), std::end(kAdoption), need);
    return found;
}

Result<bool> CheckPrivileges(MongoClient& client, bool adopts) {
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    auto found = LookAtPrivileges(*lease, adopts);
    if (!found) return true;  // a server that does not tell says it command by command
    if (found->wants_a_user) return Fail(ErrorCode::kForbidden, kWantsAUser);
    if (found->missing.empty()) return true;
    return Fail(
        ErrorCode::kForbidden,
        fmt::format(
            "the MongoDB user lacks a privilege on the database {}: {}; give it readWrite there",
            lease->database(),
            fmt::join(found->missing, ", ")
        )
    );
}

}  // namespace barracuda::store
