// DELETE /api/admin/contacts/{id}: erases the person (contacts/erase_contact.h).
#include "contacts/erase_contact.h"

#include "api/form_routes.h"
#include "api/query_pool.h"
#include "api/respond.h"
#include "contacts/erasure_sweep.h"

namespace barracuda::api {

void DeleteContact(ContactPages& pages, std::shared_ptr<Call> call) {
    auto id = ObjectId::Parse(call->id);
    if (!id) return call->respond(http::JsonError(400, "id must be 24 hex digits"));
    contacts::EraseParts parts{
        pages.engine,
        pages.ledger,
        pages.flows,
        [&pages](std::function<void()> query) { return pages.queries.Run(std::move(query)); },
        [&pages] { pages.erasures.Wake(); },
    };
    contacts::EraseContact(std::move(parts), *id, [call](Result<bool> erased) {
        if (!erased) return call->respond(ErrorResponse(erased.error()));
        if (!*erased) return call->respond(NotFound("contact"));
        call->respond(Saying("Contact deleted successfully"));
    });
}

}  // namespace barracuda::api
