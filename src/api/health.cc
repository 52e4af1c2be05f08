// /livez and /readyz.
#include "api/health.h"

#include "api/respond.h"
#include "api/routes.h"
#include "delivery/membership.h"

namespace barracuda::api {

std::optional<std::string> TroubleOf(const Service& service) {
    auto trouble = service.engine.Trouble();
    if (!trouble && service.nodes) trouble = service.nodes->Fenced();
    return trouble;
}

void Livez(Service&, std::shared_ptr<Call> call) {
    JsonObject body;
    call->respond(JsonResponse(200, body.Bool("success", true).Text("message", "alive")));
}

void Readyz(Service& service, std::shared_ptr<Call> call) {
    const auto trouble = TroubleOf(service);
    JsonObject body;
    body.Bool("success", !trouble).Text("message", trouble.value_or("ready"));
    auto response = JsonResponse(trouble ? 503 : 200, body);
    if (trouble) response.headers.emplace_back("Retry-After", "5");
    call->respond(std::move(response));
}

}  // namespace barracuda::api
