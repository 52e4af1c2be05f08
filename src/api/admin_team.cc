// The team: GET and POST /api/admin/admins, PUT and DELETE …/admins/{id}.
//
// One who is invited gets a link from whoever invites: its token is answered once, only its hash
// is stored, and by it the invited sets a password of his own.
#include "api/account_routes.h"
#include "api/list_input.h"
#include "api/respond.h"
#include "api/sign_in.h"
#include "base/text.h"
#include "domain/email.h"

namespace barracuda::api {

namespace {

constexpr int64_t kInvitationMs = int64_t{7} * 24 * 3'600'000;

JsonObject AdminJson(Accounts& accounts, const auth::Admin& admin) {
    Time seen = admin.seen;
    for (const auto& session : accounts.admin.sessions().ListOf(admin, Time::Now())) {
        seen = std::max(seen, session.seen);
    }
    auto moment = [](Time at) { return at.ms > 0 ? at.Iso() : std::string(); };
    JsonObject json;
    json.Text("id", admin.PublicId()).Text("email", admin.email).Text("name", admin.name);
    json.Text("role", NameOf(admin.role)).Bool("active", admin.CanLogIn());
    json.Bool("totp", admin.factor.on).TextOrNull("createdAt", moment(admin.created));
    json.TextOrNull("lastSeenAt", moment(seen));
    const bool invited = !admin.invitation.empty();
    return json.TextOrNull("invitedUntil", invited ? admin.invited_until.Iso() : std::string());
}

auth::Role ReadRole(Reader& reader) {
    const auto role = auth::RoleNamed(reader.RequiredText("role"));
    if (!role) reader.Refuse("role", "must be owner, operator or read_only");
    return role.value_or(auth::Role::kReadOnly);
}

std::string ReadName(Reader& reader) {
    std::string name(Trim(reader.RequiredText("name")));
    if (!auth::IsName(name)) reader.Refuse("name", auth::kNameRule);
    return name;
}

Result<auth::Admin> ReadInvited(const http::Request& request) {
    auto input = Input::OfBody(request);
    if (!input) return Fail(input.error());
    Reader reader(*input);
    auth::Admin wanted;
    wanted.email = Lower(Trim(reader.RequiredText("email")));
    wanted.name = ReadName(reader);
    wanted.role = ReadRole(reader);
    if (!domain::IsHtmlEmail(wanted.email)) reader.Refuse("email", "is not an e-mail address");
    RefuseUnread(*input, reader, "is not taken here");
    if (reader.error()) return Fail(*reader.error());
    return wanted;
}

struct AdminChange {
    std::string name;
    auth::Role role;
    bool drop_factor;
};

Result<AdminChange> ReadChange(const http::Request& request) {
    auto input = Input::OfBody(request);
    if (!input) return Fail(input.error());
    Reader reader(*input);
    const std::string name = ReadName(reader);
    const auth::Role role = ReadRole(reader);
    const auto factor = reader.Bool("totp");
    if (factor == "true") reader.Refuse("totp", "is taken on by its owner alone; false ends it");
    RefuseUnread(*input, reader, "is not taken here");
    if (reader.error()) return Fail(*reader.error());
    return AdminChange{name, role, factor == "false"};
}

}  // namespace

void ListAdmins(Accounts& accounts, std::shared_ptr<Call> call) {
    JsonList data;
    for (const auto& admin : accounts.admin.admins().List()) {
        data.Object(AdminJson(accounts, admin));
    }
    call->respond(DataAnswer(data));
}

void PostAdmin(Accounts& accounts, std::shared_ptr<Call> call) {
    auto wanted = ReadInvited(call->request);
    if (!wanted) return call->respond(ErrorResponse(wanted.error()));
    const std::string token = auth::NewSecret("bkj_");
    wanted->invitation = auth::HashSecret(token);
    wanted->invited_until = Time{Time::Now().ms + kInvitationMs};
    auto made = [&accounts, call, token](Result<auth::Admin> admin) {
        if (!admin) return call->respond(ErrorResponse(admin.error()));
        JsonObject answer;
        answer.Bool("success", true).Text("message", "Invited");
        auto data = AdminJson(accounts, *admin);
        call->respond(JsonResponse(200, answer.Object("data", data.Text("token", token))));
    };
    accounts.admin.admins().Create(accounts.ledger, std::move(*wanted), std::move(made));
}

void PutAdmin(Accounts& accounts, std::shared_ptr<Call> call) {
    auto wanted = ReadChange(call->request);
    if (!wanted) return call->respond(ErrorResponse(wanted.error()));
    const auto admin = accounts.admin.admins().FindById(call->id);
    if (!admin) return call->respond(NotFound("admin"));
    auto change = [wanted = *wanted](auth::Admin& stored) -> std::optional<Error> {
        stored.name = wanted.name;
        stored.role = wanted.role;
        if (wanted.drop_factor) stored.factor = {};
        return std::nullopt;
    };
    auto changed = [&accounts, call](Result<auth::Admin> stored) {
        if (!stored) return call->respond(ErrorResponse(stored.error()));
        call->respond(DataAnswer(AdminJson(accounts, *stored)));
    };
    accounts.admin.admins().Change(accounts.ledger, admin->email, change, changed);
}

void DeleteAdmin(Accounts& accounts, std::shared_ptr<Call> call) {
    const auto admin = accounts.admin.admins().FindById(call->id);
    if (!admin) return call->respond(NotFound("admin"));
    auto removed = [&accounts, call](Result<auth::Admin> gone) {
        if (!gone) return call->respond(ErrorResponse(gone.error()));
        accounts.admin.sessions().EndAllOf(accounts.ledger, gone->email);
        call->respond(Saying("Removed"));
    };
    accounts.admin.admins().Remove(accounts.ledger, admin->email, removed);
}

}  // namespace barracuda::api
