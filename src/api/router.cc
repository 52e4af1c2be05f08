#include "api/router.h"

#include <fmt/format.h>

#include "api/admin_auth.h"
#include "api/auth.h"
#include "api/form_routes.h"
#include "api/respond.h"
#include "api/routes.h"
#include "base/text.h"

namespace barracuda::api {

namespace {

struct Entry {
    const char* path;
    const char* method;
    Access access;
    Route route;
};

// clang-format off
constexpr Entry kRoutes[] = {
    {"/api/private/conversions",     "POST", Access::kIngest,    PostPrivateConversion},
    {"/api/private/conversions",     "GET",  Access::kAdmin,     ListPrivateConversions},
    {"/api/ftd",                     "POST", Access::kIngest,    PostFtd},
    {"/api/postback",                "GET",  Access::kIngestUrl, AnyPostback},
    {"/api/postback",                "HEAD", Access::kIngestUrl, AnyPostback},
    {"/api/postback",                "POST", Access::kIngestUrl, AnyPostback},
    {"/api/goals/postback",          "POST", Access::kIngest,    PostGoalsPostback},
    {"/api/goals/postback",          "GET",  Access::kIngest,    GetGoalsPostback},
    {"/api/admin/conversions",       "POST", Access::kAdmin,     PostAdminConversion},
    {"/api/admin/conversions",       "GET",  Access::kAdmin,     ListAdminConversions},
    {"/api/admin/conversions/stats", "GET",  Access::kAdmin,     AdminConversionStats},
    {"/api/admin/deliveries",        "GET",  Access::kAdmin,     ListDeliveries},
    {"/api/admin/deliveries/retry",  "POST", Access::kAdmin,     RetryDelivery},
    {"/api/contact",                 "POST", Access::kOpen,      PostContact},
    {"/api/contact",                 "OPTIONS", Access::kOpen,   FormPreflight},
    {"/api/register",                "POST", Access::kOpen,      PostRegister},
    {"/api/register",                "OPTIONS", Access::kOpen,   FormPreflight},
    {"/api/admin/auth/login",        "POST", Access::kOpen,      AdminLogin},
    {"/api/admin/auth/setup",        "POST", Access::kOpen,      AdminSetup},
    {"/api/admin/auth/logout",       "POST", Access::kOpen,      AdminLogout},
    {"/api/admin/auth/profile",      "GET",  Access::kOpen,      AdminProfile},
    {"/api/admin/contacts",          "GET",  Access::kAdmin,     ListContacts},
    {"/api/admin/contacts",          "POST", Access::kAdmin,     ExportContacts},
    {"/api/admin/contacts/stats",    "GET",  Access::kAdmin,     ContactStats},
    {"/api/admin/contacts/{id}",     "GET",  Access::kAdmin,     GetContact},
    {"/api/admin/contacts/{id}",     "PUT",  Access::kAdmin,     PutContact},
    {"/api/admin/contacts/{id}",     "DELETE", Access::kAdmin,   DeleteContact},
    {"/setup",                       "GET",  Access::kOpen,      SetupPage},
    {"/livez",                       "GET",  Access::kOpen,      Livez},
    {"/readyz",                      "GET",  Access::kOpen,      Readyz},
    {"/metrics",                     "GET",  Access::kOpen,      Metrics},
};
// clang-format on

// A path ending in "{id}" takes one more part, whatever it is.
bool Matches(std::string_view wanted, std::string_view path) {
    constexpr std::string_view kId = "{id}";
    if (!wanted.ends_with(kId)) return path == wanted;
    wanted.remove_suffix(kId.size());
    return path.size() > wanted.size() && path.starts_with(wanted) &&
           path.find('/', wanted.size()) == std::string_view::npos;
}

http::Response NotAllowed(const std::string& allow) {
    auto response = http::JsonError(405, "this path takes " + allow);
    response.headers.emplace_back("Allow", allow);
    return response;
}

bool WantsExplain(const http::Request& request) {
    for (const auto& [name, value] : request.query) {
        if (name == "explain" && value == "1") return true;
    }
    return false;
}

}  // namespace

void Handle(Service& service, http::Request&& request, http::Respond respond) {
    std::string allow;
    for (const auto& entry : kRoutes) {
        if (!Matches(entry.path, request.path)) continue;
        if (request.method != entry.method) {
            allow += (allow.empty() ? "" : ", ") + std::string(entry.method);
            continue;
        }
        auto caller = Authenticate(service, request, entry.access);
        if (!caller) return respond(ErrorResponse(caller.error()));
        auto call = std::make_shared<Call>();
        call->explain = caller->scope != Scope::kNone && WantsExplain(request);
        call->caller = std::move(*caller);
        call->request = std::move(request);
        call->respond = std::move(respond);
        return entry.route(service, std::move(call));
    }
    if (!allow.empty()) return respond(NotAllowed(allow));
    respond(http::JsonError(404, "no such path"));
}

}  // namespace barracuda::api
