// DELETE /api/admin/contacts/{id} and POST /api/admin/erasures: erase a person, found by the
// contact's id, an e-mail or a click id (contacts/erase_contact.h, contacts/erasures.h).
#include "api/form_routes.h"
#include "api/list_input.h"
#include "api/query_pool.h"
#include "api/respond.h"
#include "contacts/erasure_sweep.h"
#include "contacts/erasures.h"

namespace barracuda::api {

namespace {

contacts::EraseParts PartsOf(ContactPages& pages) {
    return {
        .engine = pages.engine,
        .ledger = pages.ledger,
        .flows = &pages.flows,
        .run = [&pages](auto query) { return pages.queries.Run(std::move(query)); },
        .marked = [&pages] { pages.erasures.Wake(); },
    };
}

struct Asked {
    contacts::Whom whom;
    bool dry = false;
};

Result<Asked> ReadAsked(const http::Request& request) {
    auto query = Input::OfQuery(request);
    if (!query) return Fail(query.error());
    Reader switches(*query);
    Asked asked;
    asked.dry = ReadSwitch(*query, switches, "dry_run");
    RefuseUnread(*query, switches, "is no parameter of an erasure: whom it means is its body");
    if (switches.error()) return Fail(*switches.error());
    auto body = Input::OfBody(request);
    if (!body) return Fail(body.error());
    Reader reader(*body);
    asked.whom.email = reader.Sought("email");
    asked.whom.click = reader.Sought("click_id");
    RefuseUnread(*body, reader, "is nothing that an erasure goes by");
    if (asked.whom.email.empty() == asked.whom.click.empty()) {
        reader.Refuse("email", "or click_id is required, and not both");
    }
    if (reader.error()) return Fail(*reader.error());
    return asked;
}

http::Response PlanAnswer(const contacts::ErasurePlan& plan, bool dry) {
    JsonList ids;
    for (const auto& id : plan.contacts) ids.Text(id.Hex());
    JsonObject data, body;
    data.Bool("dryRun", dry).List("contacts", ids);
    data.Int("conversions", static_cast<int64_t>(plan.conversions));
    data.Int("deliveries", static_cast<int64_t>(plan.deliveries));
    body.Bool("success", true).Text("message", dry ? "Nothing is erased yet" : "Erased");
    return JsonResponse(200, body.Object("data", data));
}

}  // namespace

void DeleteContact(ContactPages& pages, std::shared_ptr<Call> call) {
    auto id = ObjectId::Parse(call->id);
    if (!id) return call->respond(http::JsonError(400, "id must be 24 hex digits"));
    contacts::EraseContact(PartsOf(pages), *id, [call](Result<bool> erased) {
        if (!erased) return call->respond(ErrorResponse(erased.error()));
        if (!*erased) return call->respond(NotFound("contact"));
        call->respond(Saying("Contact deleted successfully"));
    });
}

void PostErasure(ContactPages& pages, std::shared_ptr<Call> call) {
    auto asked = ReadAsked(call->request);
    if (!asked) return call->respond(BadRequest(asked.error()));
    RunQuery(pages.queries, call, [&pages, call, asked = *asked] {
        auto plan = contacts::PlanErasure(pages.engine, asked.whom);
        if (!plan) return call->respond(ErrorResponse(plan.error()));
        if (asked.dry) return call->respond(PlanAnswer(*plan, true));
        contacts::CarryOut(PartsOf(pages), *plan, [call, plan = *plan](Result<bool> erased) {
            if (!erased) return call->respond(ErrorResponse(erased.error()));
            call->respond(PlanAnswer(plan, false));
        });
    });
}

}  // namespace barracuda::api
