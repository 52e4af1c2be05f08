// The keys: GET and POST /api/admin/keys, DELETE …/keys/{id}.
#include <algorithm>
#include <tuple>

#include "api/account_routes.h"
#include "api/list_input.h"
#include "api/respond.h"

namespace barracuda::api {

namespace {

JsonObject KeyJson(const auth::ApiKey& key) {
    auto moment = [](Time at) { return at.ms > 0 ? at.Iso() : std::string(); };
    JsonObject json;
    json.Text("id", key.id).Text("name", key.name).Text("scope", NameOf(key.scope));
    json.TextOrNull("affiliate", key.affiliate.value).Text("createdAt", key.created.Iso());
    json.TextOrNull("lastUsedAt", moment(key.used)).Bool("revoked", key.revoked);
    return json.TextOrNull("revokedAt", moment(key.revoked_at));
}

}  // namespace

void ListKeys(Accounts& accounts, std::shared_ptr<Call> call) {
    auto keys = accounts.keys.List();
    // Of one millisecond by their ids, so that the list is the same at every node and start.
    std::ranges::sort(keys, [](const auto& a, const auto& b) {
        return std::tie(b.created, b.id) < std::tie(a.created, a.id);
    });
    JsonList data;
    for (const auto& key : keys) data.Object(KeyJson(key));
    call->respond(DataAnswer(data));
}

void PostKey(Accounts& accounts, std::shared_ptr<Call> call) {
    auto input = Input::OfBody(call->request);
    if (!input) return call->respond(ErrorResponse(input.error()));
    Reader reader(*input);
    const std::string name = reader.RequiredText("name"), scope = reader.RequiredText("scope");
    const std::string affiliate = reader.Id("affiliate");
    auto wanted = auth::JudgeKey(name, scope, affiliate);
    if (!wanted) reader.Refuse(wanted.error().where, wanted.error().message);
    RefuseUnread(*input, reader, "is not taken here");
    if (reader.error()) return call->respond(ErrorResponse(*reader.error()));
    auto made = [&accounts, call](Result<std::string> secret) {
        if (!secret) return call->respond(ErrorResponse(secret.error()));
        const auto key = accounts.keys.Find(*secret);
        if (!key) return call->respond(NotFound("key"));  // revoked in the same moment
        JsonObject answer;
        answer.Bool("success", true).Text("message", "Key created");
        auto data = KeyJson(*key);
        call->respond(JsonResponse(200, answer.Object("data", data.Text("key", *secret))));
    };
    accounts.keys.Create(accounts.ledger, std::move(*wanted), std::move(made));
}

void DeleteKey(Accounts& accounts, std::shared_ptr<Call> call) {
    const auto keys = accounts.keys.List();
    const bool known =
        std::ranges::any_of(keys, [&](const auto& key) { return key.id == call->id; });
    if (!known) return call->respond(NotFound("key"));
    accounts.keys.Revoke(accounts.ledger, call->id, [call](Result<bool> revoked) {
        call->respond(revoked ? Saying("Key revoked") : ErrorResponse(revoked.error()));
    });
}

}  // namespace barracuda::api
