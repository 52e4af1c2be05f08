// DELETE /api/admin/contacts/{id}: erases the person (delivery/erase_contact.h).
#include "delivery/erase_contact.h"

#include "api/form_routes.h"
#include "api/query_pool.h"
#include "api/respond.h"

namespace barracuda::api {

void DeleteContact(Service& service, std::shared_ptr<Call> call) {
    const std::string& path = call->request.path;
    auto id = ObjectId::Parse(path.substr(path.rfind('/') + 1));
    if (!id) return call->respond(http::JsonError(400, "id must be 24 hex digits"));
    delivery::EraseParts parts{
        service.engine,
        service.ledger,
        *service.flows,
        [&service](std::function<void()> query) { return service.queries.Run(std::move(query)); },
    };
    delivery::EraseContact(std::move(parts), *id, [call](Result<bool> erased) {
        if (!erased) return call->respond(ErrorResponse(erased.error()));
        if (!*erased) return call->respond(NotFound("contact"));
        call->respond(Saying("Contact deleted successfully"));
    });
}

}  // namespace barracuda::api
