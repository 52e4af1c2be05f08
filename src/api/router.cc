#include "api/router.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "api/admin_auth.h"
#include "api/auth.h"
#include "api/entity_routes.h"
#include "api/form_routes.h"
#include "api/respond.h"
#include "api/routes.h"
#include "base/object_id.h"
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
    {"/api/admin/deliveries/{id}",   "GET",  Access::kAdmin,     GetDelivery},
    {"/api/admin/deliveries/{id}/replay", "POST", Access::kAdmin, ReplayDelivery},
    {"/api/admin/deliveries/{id}/cancel", "POST", Access::kAdmin, CancelDelivery},
    {"/api/admin/deliveries/{id}/done", "POST", Access::kAdmin,  MarkDeliveryDone},
    {"/api/admin/attempts",          "GET",  Access::kAdmin,     ListAttempts},
    {"/api/admin/received",          "GET",  Access::kAdmin,     ListReceived},
    {"/api/admin/replays",           "POST", Access::kAdmin,     PostReplay},
    {"/api/admin/replays",           "GET",  Access::kAdmin,     ListReplays},
    {"/api/admin/replays/{id}",      "GET",  Access::kAdmin,     GetReplay},
    {"/api/admin/replays/{id}",      "DELETE", Access::kAdmin,   CancelReplay},
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
    {"/api/admin/networks",          "GET",  Access::kAdmin,     ListNetworks},
    {"/api/admin/networks",          "POST", Access::kAdmin,     PostNetwork},
    {"/api/admin/networks/{id}",     "GET",  Access::kAdmin,     GetNetwork},
    {"/api/admin/networks/{id}",     "PUT",  Access::kAdmin,     PutNetwork},
    {"/api/admin/networks/{id}",     "DELETE", Access::kAdmin,   DeleteNetwork},
    {"/api/admin/networks/{id}/preview", "POST", Access::kAdmin, PreviewNetwork},
    {"/api/admin/networks/{id}/test", "POST", Access::kAdmin,    TestNetwork},
    {"/api/admin/networks/{id}/stop", "POST", Access::kAdmin,    StopNetwork},
    {"/api/admin/networks/{id}/resume", "POST", Access::kAdmin,  ResumeNetwork},
    {"/api/admin/goals",             "GET",  Access::kAdmin,     ListGoals},
    {"/api/admin/goals",             "POST", Access::kAdmin,     PostGoal},
    {"/api/admin/goals/{id}",        "GET",  Access::kAdmin,     GetGoal},
    {"/api/admin/goals/{id}",        "PUT",  Access::kAdmin,     PutGoal},
    {"/api/admin/goals/{id}",        "DELETE", Access::kAdmin,   DeleteGoal},
    {"/api/admin/offers",            "GET",  Access::kAdmin,     ListOffers},
    {"/api/admin/offers",            "POST", Access::kAdmin,     PostOffer},
    {"/api/admin/offers/{id}",       "GET",  Access::kAdmin,     GetOffer},
    {"/api/admin/offers/{id}",       "PUT",  Access::kAdmin,     PutOffer},
    {"/api/admin/offers/{id}",       "DELETE", Access::kAdmin,   DeleteOffer},
    {"/livez",                       "GET",  Access::kOpen,      Livez},
    {"/readyz",                      "GET",  Access::kOpen,      Readyz},
    {"/metrics",                     "GET",  Access::kOpen,      Metrics},
    {"/livez",                       "HEAD", Access::kOpen,      Livez},
    {"/readyz",                      "HEAD", Access::kOpen,      Readyz},
    {"/metrics",                     "HEAD", Access::kOpen,      Metrics},
};
// clang-format on

constexpr size_t kElsewhere = std::size(kRoutes);  // the row of what is not in the table
static_assert(kElsewhere < AnswerCounts::kRowsMax);

// `respond`, counting the answer.
http::Respond Counted(AnswerCounts& counts, const Entry* entry, http::Respond respond) {
    const size_t row = entry ? static_cast<size_t>(entry - kRoutes) : kElsewhere;
    return [&counts, row, respond = std::move(respond)](http::Response response) mutable {
        counts.Add(row, response.status);
        respond(std::move(response));
    };
}

// "{id}" stands for one whole part of the path, whatever it is.
bool Matches(std::string_view wanted, std::string_view path) {
    constexpr std::string_view kId = "{id}";
    size_t at = wanted.find(kId);
    if (at == std::string_view::npos) return path == wanted;
    std::string_view before = wanted.substr(0, at), after = wanted.substr(at + kId.size());
    if (path.size() <= before.size() + after.size()) return false;
    if (!path.starts_with(before) || !path.ends_with(after)) return false;
    std::string_view id = path.substr(at, path.size() - before.size() - after.size());
    return id.find('/') == std::string_view::npos;
}

// The name under which a write goes into the received log; nullptr: it does not. A HEAD records
// nothing.
const char* LoggedName(Route route, const std::string& method) {
    if (route == AnyPostback) return method == "HEAD" ? nullptr : "postback";
    if (route == PostFtd) return "ftd";
    if (route == PostGoalsPostback) return "goals_postback";
    if (route == PostPrivateConversion) return "private_conversions";
    if (route == PostAdminConversion) return "admin_conversions";
    if (route == PostContact) return "contact";
    return route == PostRegister ? "register" : nullptr;
}

http::Response NotAllowed(const std::string& allow) {
    auto response = http::JsonError(405, "this path takes " + allow);
    response.headers.emplace_back("Allow", allow);
    return response;
}

// The path as it came where it can hold nothing but an id of ours, else as the table has it.
std::string PathToLog(const Entry* entry, const std::string& path) {
    if (!entry) return "-";
    const std::string_view id = std::string_view(path).substr(path.rfind('/') + 1);
    const bool ours = path == entry->path || ObjectId::Parse(id);
    return ours ? path : entry->path;
}

// `respond`, telling service.answered as well.
http::Respond Observed(
    const Service& service, const http::Request& request, const Entry* entry, http::Respond respond
) {
    RequestRecord record;
    record.route = entry ? entry->path : "-";
    record.method = entry ? entry->method : "-";
    record.path = PathToLog(entry, request.path);
    record.client = ClientOf(service, request);
    return [&service,
            record = std::move(record),
            begin = std::chrono::steady_clock::now(),
            respond = std::move(respond)](http::Response response) mutable {
        auto spent = std::chrono::steady_clock::now() - begin;
        record.duration_us = std::chrono::duration_cast<std::chrono::microseconds>(spent).count();
        record.status = response.status;
        record.bytes = response.stream ? 0 : response.body.size();
        service.answered(record);
        respond(std::move(response));
    };
}

// nullptr when no route takes it; `allow` then names the methods that its path takes. The first
// path that fits is the one: the table has /api/admin/contacts/stats before
// /api/admin/contacts/{id}.
const Entry* Find(const http::Request& request, std::string& allow) {
    std::string_view path;
    for (const auto& entry : kRoutes) {
        if (path.empty() ? !Matches(entry.path, request.path) : path != entry.path) continue;
        path = entry.path;
        if (request.method == entry.method) return &entry;
        allow += (allow.empty() ? "" : ", ") + std::string(entry.method);
    }
    return nullptr;
}

// In the URL of any route, also where the body is what it reads.
bool GivesAParameterTwice(const http::Request& request) {
    if (request.query.size() < 2) return false;
    std::vector<std::string_view> names;
    for (const auto& [name, value] : request.query) names.push_back(name);
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) != names.end();
}

// `looked_up`: whether the store was asked for a caller that memory does not know.
void Answer(
    Service& service,
    const Entry& entry,
    http::Request&& request,
    http::Respond respond,
    bool looked_up
) {
    auto caller = Authenticate(service, request, entry.access);
    if (!caller && caller.error().code == ErrorCode::kUnauthorized && !looked_up) {
        auto held = std::make_shared<http::Request>(std::move(request));
        const bool started = LookUpFirst(service, *held, [&service, &entry, held, respond] {
            Answer(service, entry, std::move(*held), respond, true);
        });
        if (started) return;
        request = std::move(*held);  // there is nobody to ask
    }
    const char* name = service.received ? LoggedName(entry.route, request.method) : nullptr;
    if (!caller && !name) return respond(ErrorResponse(caller.error()));
    auto call = std::make_shared<Call>();
    call->request = std::move(request);
    call->respond = std::move(respond);
    if (caller) {
        call->explain = caller->scope != Scope::kNone && call->request.Asks("explain");
        call->caller = std::move(*caller);
    }
    if (name) LogAnswer(service, *call, name);
    if (!caller) return call->respond(ErrorResponse(caller.error()));
    if (GivesAParameterTwice(call->request)) {
        return call->respond(BadRequest(Input::OfQuery(call->request).error()));
    }
    entry.route(service, std::move(call));
}

}  // namespace

void Handle(Service& service, http::Request&& request, http::Respond respond) {
    std::string allow;
    const Entry* entry = Find(request, allow);
    respond = Counted(service.answers, entry, std::move(respond));
    if (service.answered) respond = Observed(service, request, entry, std::move(respond));
    if (!entry) {
        if (!allow.empty()) return respond(NotAllowed(allow));
        return respond(http::JsonError(404, "no such path"));
    }
    Answer(service, *entry, std::move(request), std::move(respond), false);
}

void EachAnswerCount(
    const AnswerCounts& counts,
    const std::function<void(const char*, const char*, int, uint64_t)>& visit
) {
    for (size_t row = 0; row <= kElsewhere; ++row) {
        const bool known = row < kElsewhere;
        for (size_t of = 0; of < AnswerCounts::kClasses; ++of) {
            const uint64_t answers = counts.Of(row, of);
            if (answers == 0) continue;
            visit(
                known ? kRoutes[row].path : "-",
                known ? kRoutes[row].method : "-",
                static_cast<int>(of) + 1,
                answers
            );
        }
    }
}

}  // namespace barracuda::api
