#include "api/router.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/account_routes.h"
#include "api/auth.h"
#include "api/batch_route.h"
#include "api/entity_routes.h"
#include "api/form_routes.h"
#include "api/landing.h"
#include "api/list_input.h"
#include "api/respond.h"
#include "api/routes.h"
#include "base/check.h"
#include "base/object_id.h"
#include "base/text.h"
#include "base/unseen.h"
#include "web/pages.h"

namespace barracuda::api {

namespace {

using Route = void (*)(Service&, std::shared_ptr<Call>);

// A route as the table holds it: called with the part of the service that it takes.
template <auto kRoute>
void To(Service& service, std::shared_ptr<Call> call) {
    kRoute(service, std::move(call));
}

struct Entry {
    const char* path;
    const char* method;
    Access access;
    Route route;  // To<…>: with the part of the service that it takes
    // The name under which it goes into the received log; nullptr: it does not. A HEAD records
    // nothing.
    const char* logged = nullptr;
    // Whether the route says itself what of a URL's parameters it takes. Of the admins' others none
    // takes any.
    bool query = false;
};

// clang-format off
constexpr Entry kRoutes[] = {
    {"/api/private/conversions",     "POST", Access::kIngest,    To<PostPrivateConversion>, "private_conversions"},
    {"/api/private/conversions",     "GET",  Access::kAdmin,     To<ListPrivateConversions>, nullptr, true},
    {"/api/v1/conversions/batch",    "POST", Access::kIngest,    PostConversionsBatch, "conversions_batch"},
    {"/api/ftd",                     "POST", Access::kIngest,    To<PostFtd>, "ftd"},
    {"/api/postback",                "GET",  Access::kIngestUrl, To<AnyPostback>, "postback"},
    {"/api/postback",                "HEAD", Access::kIngestUrl, To<AnyPostback>},
    {"/api/postback",                "POST", Access::kIngestUrl, To<AnyPostback>, "postback"},
    {"/api/goals/postback",          "POST", Access::kIngest,    To<PostGoalsPostback>, "goals_postback"},
    {"/api/goals/postback",          "GET",  Access::kIngest,    To<GetGoalsPostback>},
    {"/api/admin/conversions",       "POST", Access::kAdmin,     To<PostAdminConversion>, "admin_conversions", true},
    {"/api/admin/conversions",       "GET",  Access::kAdmin,     To<ListAdminConversions>, nullptr, true},
    {"/api/admin/conversions/export", "GET", Access::kAdmin,     To<ExportConversions>, nullptr, true},
    {"/api/admin/conversions/stats", "GET",  Access::kAdmin,     To<AdminConversionStats>},
    {"/api/admin/reports",           "GET",  Access::kAdmin,     To<AdminReport>, nullptr, true},
    {"/api/admin/conversions/bulk",  "POST", Access::kAdmin,     To<PostBulk>, nullptr, true},
    {"/api/admin/conversions/{id}",  "GET",  Access::kAdmin,     To<GetConversion>},
    {"/api/admin/conversions/{id}",  "PATCH", Access::kAdmin,    To<PatchConversion>},
    {"/api/admin/jobs",              "GET",  Access::kAdmin,     To<ListJobs>},
    {"/api/admin/jobs/{id}",         "GET",  Access::kAdmin,     To<GetJob>},
    {"/api/admin/jobs/{id}",         "DELETE", Access::kAdmin,   To<CancelJob>},
    {"/api/admin/jobs/{id}/undo",    "POST", Access::kAdmin,     To<UndoJob>},
    {"/api/admin/deliveries",        "GET",  Access::kAdmin,     To<ListDeliveries>, nullptr, true},
    {"/api/admin/deliveries/counts", "GET",  Access::kAdmin,     To<CountDeliveries>, nullptr, true},
    {"/api/admin/deliveries/retry",  "POST", Access::kAdmin,     To<RetryDelivery>},
    {"/api/admin/deliveries/{id}",   "GET",  Access::kAdmin,     To<GetDelivery>},
    {"/api/admin/deliveries/{id}/replay", "POST", Access::kAdmin, To<ReplayDelivery>},
    {"/api/admin/deliveries/{id}/cancel", "POST", Access::kAdmin, To<CancelDelivery>},
    {"/api/admin/deliveries/{id}/done", "POST", Access::kAdmin,  To<MarkDeliveryDone>},
    {"/api/admin/search",            "GET",  Access::kAdmin,     To<Search>, nullptr, true},
    {"/api/admin/events",            "GET",  Access::kAdmin,     To<ListenToEvents>, nullptr, true},
    {"/api/admin/attempts",          "GET",  Access::kAdmin,     To<ListAttempts>, nullptr, true},
    {"/api/admin/received",          "GET",  Access::kAdmin,     To<ListReceived>, nullptr, true},
    {"/api/admin/received/counts",   "GET",  Access::kAdmin,     To<CountReceived>, nullptr, true},
    {"/api/admin/received/{id}",     "GET",  Access::kAdmin,     To<GetReceived>},
    {"/api/admin/replays",           "POST", Access::kAdmin,     To<PostReplay>, nullptr, true},
    {"/api/admin/replays",           "GET",  Access::kAdmin,     To<ListReplays>},
    {"/api/admin/replays/{id}",      "GET",  Access::kAdmin,     To<GetReplay>},
    {"/api/admin/replays/{id}",      "DELETE", Access::kAdmin,   To<CancelReplay>},
    {"/api/contact",                 "POST", Access::kOpen,      To<PostContact>, "contact"},
    {"/api/contact",                 "OPTIONS", Access::kOpen,   To<FormPreflight>},
    {"/api/register",                "POST", Access::kOpen,      To<PostRegister>, "register"},
    {"/api/register",                "OPTIONS", Access::kOpen,   To<FormPreflight>},
    {"/api/admin/auth/login",        "POST", Access::kOpen,      To<AdminLogin>},
    {"/api/admin/auth/setup",        "POST", Access::kOpen,      To<AdminSetup>},
    {"/api/admin/auth/logout",       "POST", Access::kOpen,      To<AdminLogout>},
    {"/api/admin/auth/totp",         "POST", Access::kOpen,      To<PostFactor>},
    {"/api/admin/auth/invitation",   "POST", Access::kOpen,      To<AcceptInvitation>},
    {"/api/admin/auth/profile",      "GET",  Access::kPerson,    To<AdminProfile>},
    {"/api/admin/auth/profile",      "PUT",  Access::kPerson,    To<PutProfile>},
    {"/api/admin/auth/sessions",     "GET",  Access::kPerson,    To<ListSessions>},
    {"/api/admin/auth/sessions/{id}", "DELETE", Access::kPerson, To<EndSession>},
    {"/api/admin/auth/password",     "POST", Access::kPerson,    To<PostPassword>},
    {"/api/admin/auth/totp/device",  "POST", Access::kPerson,    To<NewFactorDevice>},
    {"/api/admin/auth/totp/device",  "DELETE", Access::kPerson,  To<DropFactorDevice>},
    {"/api/admin/auth/totp/confirm", "POST", Access::kPerson,    To<ConfirmFactor>},
    {"/api/admin/keys",              "GET",  Access::kAdmin,     To<ListKeys>},
    {"/api/admin/keys",              "POST", Access::kOwner,     To<PostKey>},
    {"/api/admin/keys/{id}",         "DELETE", Access::kOwner,   To<DeleteKey>},
    {"/api/admin/admins",            "GET",  Access::kAdmin,     To<ListAdmins>},
    {"/api/admin/admins",            "POST", Access::kOwner,     To<PostAdmin>},
    {"/api/admin/admins/{id}",       "PUT",  Access::kOwner,     To<PutAdmin>},
    {"/api/admin/admins/{id}",       "DELETE", Access::kOwner,   To<DeleteAdmin>},
    {"/api/admin/contacts",          "GET",  Access::kAdmin,     To<ListContacts>, nullptr, true},
    {"/api/admin/contacts",          "POST", Access::kReader,    To<ExportContacts>, nullptr, true},
    {"/api/admin/contacts/stats",    "GET",  Access::kAdmin,     To<ContactStats>},
    {"/api/admin/contacts/{id}/timeline", "GET", Access::kAdmin, To<GetContactTimeline>},
    {"/api/admin/contacts/{id}",     "GET",  Access::kAdmin,     To<GetContact>},
    {"/api/admin/contacts/{id}",     "PUT",  Access::kAdmin,     To<PutContact>},
    {"/api/admin/contacts/{id}",     "DELETE", Access::kAdmin,   To<DeleteContact>},
    {"/api/admin/contacts/{id}/approve-affiliate", "POST", Access::kAdmin, To<ApproveAffiliate>},
    {"/api/admin/contacts/{id}/reject-affiliate", "POST", Access::kAdmin, To<RejectAffiliate>},
    {"/api/admin/erasures",          "POST", Access::kAdmin,     To<PostErasure>, nullptr, true},
    {"/",                            "GET",  Access::kOpen,      To<LandingPage>},
    {"/",                            "HEAD", Access::kOpen,      To<LandingPage>},
    {"/thanks",                      "GET",  Access::kOpen,      To<ThanksPage>},
    {"/thanks",                      "HEAD", Access::kOpen,      To<ThanksPage>},
    {"/landing.css",                 "GET",  Access::kOpen,      To<LandingStyle>},
    {"/landing-logo",                "GET",  Access::kOpen,      To<LandingLogo>},
    {"/setup",                       "GET",  Access::kOpen,      To<SetupPage>},
    {"/api/admin/networks",          "GET",  Access::kAdmin,     To<ListNetworks>},
    {"/api/admin/networks",          "POST", Access::kAdmin,     To<PostNetwork>, nullptr, true},
    {"/api/admin/networks/{id}",     "GET",  Access::kAdmin,     To<GetNetwork>},
    {"/api/admin/networks/{id}",     "PUT",  Access::kAdmin,     To<PutNetwork>, nullptr, true},
    {"/api/admin/networks/{id}",     "DELETE", Access::kAdmin,   To<DeleteNetwork>},
    {"/api/admin/networks/{id}/preview", "POST", Access::kReader, To<PreviewNetwork>},
    {"/api/admin/networks/{id}/test", "POST", Access::kAdmin,    To<TestNetwork>},
    {"/api/admin/networks/{id}/stop", "POST", Access::kAdmin,    To<StopNetwork>},
    {"/api/admin/networks/{id}/resume", "POST", Access::kAdmin,  To<ResumeNetwork>},
    {"/api/admin/goals",             "GET",  Access::kAdmin,     To<ListGoals>},
    {"/api/admin/goals",             "POST", Access::kAdmin,     To<PostGoal>, nullptr, true},
    {"/api/admin/goals/{id}",        "GET",  Access::kAdmin,     To<GetGoal>},
    {"/api/admin/goals/{id}",        "PUT",  Access::kAdmin,     To<PutGoal>, nullptr, true},
    {"/api/admin/goals/{id}",        "DELETE", Access::kAdmin,   To<DeleteGoal>},
    {"/api/admin/offers",            "GET",  Access::kAdmin,     To<ListOffers>},
    {"/api/admin/offers",            "POST", Access::kAdmin,     To<PostOffer>, nullptr, true},
    {"/api/admin/offers/{id}",       "GET",  Access::kAdmin,     To<GetOffer>},
    {"/api/admin/offers/{id}",       "PUT",  Access::kAdmin,     To<PutOffer>, nullptr, true},
    {"/api/admin/offers/{id}",       "DELETE", Access::kAdmin,   To<DeleteOffer>},
    {"/api/admin/status",            "GET",  Access::kAdmin,     To<GetStatus>},
    {"/livez",                       "GET",  Access::kOpen,      To<Livez>},
    {"/readyz",                      "GET",  Access::kOpen,      To<Readyz>},
    {"/metrics",                     "GET",  Access::kOpen,      To<Metrics>},
    {"/livez",                       "HEAD", Access::kOpen,      To<Livez>},
    {"/readyz",                      "HEAD", Access::kOpen,      To<Readyz>},
    {"/metrics",                     "HEAD", Access::kOpen,      To<Metrics>},
};
// clang-format on

constexpr size_t kElsewhere = std::size(kRoutes);  // the row of what is not in the table
static_assert(kElsewhere < AnswerCounts::kRowsMax);

constexpr bool IsDistinct() {
    for (size_t i = 0; i < std::size(kRoutes); ++i) {
        for (size_t j = 0; j < i; ++j) {
            const bool same = std::string_view(kRoutes[i].path) == kRoutes[j].path;
            if (same && std::string_view(kRoutes[i].method) == kRoutes[j].method) return false;
        }
    }
    return true;
}
static_assert(IsDistinct());  // a second line of a path and method would never be reached

constexpr bool HasOneId() {
    for (const auto& entry : kRoutes) {
        const std::string_view path = entry.path;
        if (path.find('{') != path.rfind('{')) return false;
    }
    return true;
}
static_assert(HasOneId());  // Call has one id

// Whether `path` is `wanted`, in which "{id}" stands for one whole part of a path: that part, empty
// where `wanted` has none. nullopt: it is another path.
std::optional<std::string_view> Match(std::string_view wanted, std::string_view path) {
    constexpr std::string_view kId = "{id}";
    const size_t at = wanted.find(kId);
    if (at == std::string_view::npos) {
        return path == wanted ? std::optional<std::string_view>("") : std::nullopt;
    }
    const std::string_view before = wanted.substr(0, at), after = wanted.substr(at + kId.size());
    if (path.size() <= before.size() + after.size()) return std::nullopt;
    if (!path.starts_with(before) || !path.ends_with(after)) return std::nullopt;
    const auto id = path.substr(at, path.size() - before.size() - after.size());
    return id.find('/') == std::string_view::npos ? std::optional(id) : std::nullopt;
}

http::Response NotAllowed(const std::string& allow) {
    auto response = http::JsonError(405, "this path takes " + allow);
    response.headers.emplace_back("Allow", allow);
    return response;
}

// The path as it came where it can hold nothing but an id of ours, else as the table has it.
std::string PathToLog(const Entry* entry, const std::string& path) {
    if (!entry) return LoggablePath(path);
    const std::string_view id = std::string_view(path).substr(path.rfind('/') + 1);
    const bool ours = path == entry->path || ObjectId::Parse(id);
    return ours ? path : entry->path;
}

RequestRecord RecordOf(const Accounts& accounts, const http::Request& request, const Entry* entry) {
    RequestRecord record;
    record.route = entry ? entry->path : "-";
    record.method = LoggableMethod(request.method);
    record.path = PathToLog(entry, request.path);
    record.client = ClientOf(accounts, request);
    return record;
}

// The path of the table that differs only by case or by slashes; empty: none does.
std::string PathLike(std::string_view path) {
    std::string plain;
    for (char c : Lower(path)) {
        if (c != '/' || !plain.ends_with('/')) plain += c;
    }
    if (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
    for (const auto& entry : kRoutes) {
        if (Match(entry.path, plain)) return entry.path;
    }
    return {};
}

// nullptr when no route takes it; `allow` then names the methods that its path takes. The first
// path that fits is the one: the table has /api/admin/contacts/stats before
// /api/admin/contacts/{id}.
const Entry* Find(const http::Request& request, std::string& allow) {
    std::string_view path;
    for (const auto& entry : kRoutes) {
        if (path.empty() ? !Match(entry.path, request.path) : path != entry.path) continue;
        path = entry.path;
        if (request.method == entry.method) return &entry;
        allow += (allow.empty() ? "" : ", ") + std::string(entry.method);
    }
    return nullptr;
}

// The fault of the URL's parameters that no route has to look for; nullopt: none.
std::optional<Error> WrongQuery(const Entry& entry, const http::Request& request) {
    const auto& pairs = request.query;
    auto explains = [](const auto& pair) { return pair.first == "explain"; };
    if (std::count_if(pairs.begin(), pairs.end(), explains) > 1) {
        return Error{ErrorCode::kInvalid, fmt::format("explain {}", kGivenTwice), "explain"};
    }
    if (pairs.empty() || !ForAdmins(entry.access) || entry.query) return std::nullopt;
    auto query = Input::OfQuery(request);
    if (!query) return query.error();
    Reader reader(*query);
    RefuseUnread(*query, reader, "is no parameter of this path");
    return reader.error();
}

// A body in a coding is not read: nothing here decodes it.
bool IsCoded(const http::Request& request) {
    if (request.body.empty()) return false;
    auto identity = [](std::string_view coding) {
        return Trim(coding).empty() || http::EqualNoCase(Trim(coding), "identity");
    };
    const auto codings = request.HeaderValues("content-encoding");
    return !std::all_of(codings.begin(), codings.end(), identity);
}

http::Response RefusedCoding() {
    auto response =
        http::JsonError(415, "a body is taken without Content-Encoding: send it as it is");
    response.headers.emplace_back("Accept-Encoding", "identity");
    return response;
}

// A caller that memory does not know, and whom the store was asked for: `failed` when it did not
// say.
struct Asked {
    std::optional<Error> failed;
};

void Answer(
    Service& service,
    const Entry& entry,
    const std::shared_ptr<Call>& call,
    const std::optional<Asked>& asked
) {
    auto caller = Authenticate(service.accounts(), call->request, entry.access);
    const bool unknown = !caller && caller.error().code == ErrorCode::kUnauthorized;
    if (unknown && asked && asked->failed) caller = Fail(*asked->failed);
    if (unknown && !asked) {
        auto again = [&service, &entry, call](std::optional<Error> failed) {
            try {
                Answer(service, entry, call, Asked{std::move(failed)});
            } catch (const std::exception& thrown) {
                service.answers().Threw(*call, thrown.what());
            }
        };
        const LookUp look_up = LookUpFirst(service.accounts(), call->request, std::move(again));
        if (look_up == LookUp::kBegun) return;  // else there is nobody to ask
        if (look_up == LookUp::kNotNow) caller = Fail(NotLookedUp());
    }
    if (caller) {
        call->explain = caller->scope != auth::Scope::kNone && call->request.Asks("explain");
        call->caller = std::move(*caller);
    }
    if (entry.logged && service.answers().logs_received())
        NoteReceived(service.accounts(), *call, entry.logged);
    if (!caller) return call->respond(ErrorResponse(caller.error()));
    if (call->request.body_left_out) {  // known since a moment: the body is not here any more
        return call->respond(Overloaded());
    }
    if (IsCoded(call->request)) return call->respond(RefusedCoding());
    if (auto wrong = WrongQuery(entry, call->request)) return call->respond(BadRequest(*wrong));
    const auto id = Match(entry.path, call->request.path);
    BARRACUDA_CHECK(id.has_value());  // Find took this entry for this path
    call->id = TrimUnseen(*id);
    if (call->id.empty() && !id->empty()) return call->respond(NotFound("path: its id is empty"));
    entry.route(service, call);
}

// A request that no route takes. It is logged too: whoever looks for a lost postback must find that
// it came, and under which path.
void AnswerElsewhere(Service& service, Call& call, const std::string& allow) {
    if (service.answers().logs_received()) {
        NoteReceived(service.accounts(), call, "-");
        call.received.method = LoggableMethod(call.request.method);
        call.received.path = LoggablePath(call.request.path);
    }
    if (!allow.empty()) return call.respond(NotAllowed(allow));
    std::string message = "no such path: " + LoggablePath(call.request.path);
    const std::string near = PathLike(call.request.path);
    if (!near.empty()) message += "; there is " + near;
    call.respond(http::JsonError(404, message));
}

}  // namespace

void Handle(Service& service, http::Request&& request, http::Respond respond) {
    auto call = std::make_shared<Call>();
    call->request = std::move(request);
    std::string allow;
    const Entry* entry = Find(call->request, allow);
    const size_t row = entry ? static_cast<size_t>(entry - kRoutes) : kElsewhere;
    service.answers().Begin(*call, row, entry ? entry->path : "-", std::move(respond));
    if (service.answers().logs_requests())
        call->record = RecordOf(service.accounts(), call->request, entry);
    try {
        if (entry) {
            Answer(service, *entry, call, std::nullopt);
        } else if (auto page = web::Answer(call->request)) {
            call->respond(std::move(*page));
        } else {
            AnswerElsewhere(service, *call, allow);
        }
    } catch (const std::exception& thrown) {
        service.answers().Threw(*call, thrown.what());
    }
}

bool NeedsNoBody(Service& service, const http::Request& request) {
    std::string allow;
    const Entry* entry = Find(request, allow);
    if (!entry) return true;
    auto caller = Authenticate(service.accounts(), request, entry->access);
    if (caller) return false;
    const bool unknown = caller.error().code == ErrorCode::kUnauthorized;
    return !unknown || !MayBeKnownElsewhere(service.accounts(), request);
}

void EachRoute(const std::function<void(const RouteRow&)>& visit) {
    for (size_t row = 0; row <= kElsewhere; ++row) {
        const bool known = row < kElsewhere;
        visit({row, known ? kRoutes[row].path : "-", known ? kRoutes[row].method : "-"});
    }
}

}  // namespace barracuda::api
