// Stopping a network and resuming it: nothing is sent to it meanwhile, what is owed stays due.
#include <fmt/format.h>

#include "api/entity_routes.h"
#include "api/respond.h"
#include "delivery/catalog_store.h"
#include "delivery/destination.h"

namespace barracuda::api {

namespace {

// False: there is no such network, and the call is answered.
bool NamesNetwork(Entities& entities, Call& call) {
    if (entities.catalog.catalog()->FindNetwork(NetworkName(call.id))) return true;
    call.respond(NotFound("network"));
    return false;
}

// Answers once this node follows; the others do within one poll.
ledger::EditDone Answer(
    Entities& entities, std::shared_ptr<Call> call, NetworkName name, std::string said
) {
    return [&entities, call, name = std::move(name), said = std::move(said)](
               Result<ledger::EditState> written
           ) {
        if (!written) return call->respond(ErrorResponse(written.error()));
        entities.catalog.ReloadThen([&entities, call, name, said](bool read) {
            if (read) entities.destinations.StopKept(name);
            entities.dispatcher.FollowRules();
            call->respond(Saying(said));
        });
    };
}

}  // namespace

void StopNetwork(Entities& entities, std::shared_ptr<Call> call) {
    if (!NamesNetwork(entities, *call)) return;
    const NetworkName name(call->id);
    const delivery::Stop stop{name, "by " + call->caller.name, Time::Now()};
    auto said = fmt::format("Nothing is sent to {} until it is resumed", name.value);
    auto answer = Answer(entities, call, name, std::move(said));
    auto kept = [&entities, stop, answer](Result<ledger::EditState> written) {
        if (written) entities.destinations.StopHere(stop.network, stop.why);
        answer(std::move(written));
    };
    delivery::KeepStop(entities.ledger, stop, kept);
}

void ResumeNetwork(Entities& entities, std::shared_ptr<Call> call) {
    if (!NamesNetwork(entities, *call)) return;
    const NetworkName name(call->id);
    auto answer = Answer(entities, call, name, fmt::format("{} is sent to again", name.value));
    delivery::RemoveStop(
        entities.ledger,
        name,
        [&entities, name, answer](Result<ledger::EditState> written) {
            if (written) entities.destinations.ResumeHere(name);
            answer(std::move(written));
        }
    );
}

}  // namespace barracuda::api
