// /livez and /readyz.
#include "api/health.h"

#include "api/respond.h"
#include "api/routes.h"
#include "nodes/membership.h"

namespace barracuda::api {

std::optional<std::string> TroubleOf(const Vitals& vitals) {
    auto trouble = vitals.engine.Trouble();
    if (!trouble) trouble = vitals.membership.Fenced();
    return trouble;
}

bool MayReadWhy(const http::Request& request) {
    if (request.by_operators) return true;
    constexpr const char* kOfProxies[] = {"x-forwarded-for", "forwarded", "x-real-ip", "via"};
    for (const char* name : kOfProxies) {
        if (request.Header(name)) return false;
    }
    return request.peer_address.starts_with("127.") || request.peer_address == "::1";
}

void Livez(Vitals&, std::shared_ptr<Call> call) {
    JsonObject body;
    call->respond(JsonResponse(200, body.Bool("success", true).Text("message", "alive")));
}

void Readyz(Vitals& vitals, std::shared_ptr<Call> call) {
    const auto trouble = TroubleOf(vitals);
    const bool why = MayReadWhy(call->request);
    JsonObject body;
    body.Bool("success", !trouble);
    body.Text("message", !trouble ? "ready" : why ? *trouble : "not ready, try again");
    auto response = JsonResponse(trouble ? 503 : 200, body, trouble.value_or(""));
    if (trouble) response.headers.emplace_back("Retry-After", "5");
    call->respond(std::move(response));
}

}  // namespace barracuda::api
