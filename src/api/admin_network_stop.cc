// Stopping a network and resuming it: nothing is sent to it meanwhile, what is owed stays due.
#include <fmt/format.h>

#include "api/entity_routes.h"
#include "api/respond.h"
#include "delivery/catalog_store.h"
#include "delivery/destination.h"

namespace barracuda::api {

namespace {

constexpr std::string_view kNetworks = "/api/admin/networks/";

// The name in the path, when there is such a network; else the call is answered.
std::optional<std::string> NetworkIn(Service& service, Call& call) {
    std::string name = NameIn(call.request, kNetworks);
    if (service.catalog->catalog()->FindNetwork(name)) return name;
    call.respond(NotFound("network"));
    return std::nullopt;
}

// Answers once this node follows; the others do within one poll.
ledger::EditDone Answer(
    Service& service, std::shared_ptr<Call> call, std::string name, std::string said
) {
    return [&service, call, name = std::move(name), said = std::move(said)](
               Result<ledger::EditState> written
           ) {
        if (!written) return call->respond(ErrorResponse(written.error()));
        service.catalog->ReloadThen([&service, call, name, said](bool read) {
            if (read) service.destinations->StopKept(name);
            service.dispatcher.FollowRules();
            call->respond(Saying(said));
        });
    };
}

}  // namespace

void StopNetwork(Service& service, std::shared_ptr<Call> call) {
    auto name = NetworkIn(service, *call);
    if (!name) return;
    const delivery::Stop stop{*name, "by " + call->caller.name, Time::Now()};
    auto said = fmt::format("Nothing is sent to {} until it is resumed", *name);
    auto answer = Answer(service, call, *name, std::move(said));
    auto kept = [&service, stop, answer](Result<ledger::EditState> written) {
        if (written) service.destinations->StopHere(stop.network, stop.why);
        answer(std::move(written));
    };
    delivery::KeepStop(service.ledger, stop, kept);
}

void ResumeNetwork(Service& service, std::shared_ptr<Call> call) {
    auto name = NetworkIn(service, *call);
    if (!name) return;
    auto answer = Answer(service, call, *name, fmt::format("{} is sent to again", *name));
    delivery::RemoveStop(
        service.ledger,
        *name,
        [&service, name = *name, answer](Result<ledger::EditState> written) {
            if (written) service.destinations->ResumeHere(name);
            answer(std::move(written));
        }
    );
}

}  // namespace barracuda::api
