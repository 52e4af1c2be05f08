// One's own account: GET /api/admin/auth/sessions, DELETE …/sessions/{id}, POST …/password.
#include "api/account_routes.h"
#include "api/list_input.h"
#include "api/respond.h"
#include "api/sign_in.h"

namespace barracuda::api {

namespace {

JsonObject SessionJson(const auth::Session& session, const auth::Caller& caller) {
    JsonObject json;
    json.Text("id", session.PublicId()).Text("createdAt", session.created.Iso());
    json.Text("seenAt", session.seen.Iso());
    json.Text("idleAt", Time{session.seen.ms + auth::Sessions::kIdleMs}.Iso());
    json.Text("endsAt", Time{session.created.ms + auth::Sessions::kAbsoluteMs}.Iso());
    json.TextOrNull("address", session.origin.address).TextOrNull("agent", session.origin.agent);
    return json.Bool("current", session.hash == caller.session);
}

struct NewPassword {
    std::string old, next;
    Login login;
};

Result<NewPassword> ReadNewPassword(const Accounts& accounts, const Call& call) {
    auto input = Input::OfBody(call.request);
    if (!input) return Fail(input.error());
    Reader reader(*input);
    NewPassword wanted;
    wanted.old = reader.RequiredText("old");
    wanted.next = reader.RequiredText("new");
    wanted.login = ReadLogin(accounts, reader, call.request);
    wanted.login.by_cookie = call.caller.by_cookie;
    const auto problem = auth::ProblemOfPassword(wanted.next);
    if (!problem.empty()) reader.Refuse("new", problem);
    RefuseUnread(*input, reader, "is not taken here");
    if (reader.error()) return Fail(*reader.error());
    return wanted;
}

Error OldIsWrong() { return {ErrorCode::kInvalid, "old is not the password of now", "old"}; }

// All of this admin's sessions are over; one is opened for who asked. `mark`: of the password that
// `old` was held against, since another change may have come between.
void SetPassword(
    Accounts& accounts,
    std::shared_ptr<Call> call,
    const Login& login,
    const std::string& mark,
    Result<std::string> hash
) {
    if (!hash) return call->respond(ErrorResponse(hash.error()));
    auto change = [mark, hash = *hash](auth::Admin& admin) -> std::optional<Error> {
        if (PasswordMark(admin) != mark) return OldIsWrong();
        admin.password = hash;
        admin.invitation.clear();
        return std::nullopt;
    };
    auto set = [&accounts, call, login](Result<auth::Admin> admin) {
        if (!admin) return call->respond(ErrorResponse(admin.error()));
        accounts.admin.sessions().EndAllOf(accounts.ledger, admin->email);
        OpenSession(accounts, call, *admin, login, "Password changed, every other session ended");
    };
    accounts.admin.admins().Change(
        accounts.ledger, call->caller.admin, std::move(change), std::move(set)
    );
}

void CheckOld(
    Accounts& accounts,
    std::shared_ptr<Call> call,
    std::shared_ptr<const auth::LoginAttempt> attempt,
    auth::PasswordWorker::Place place,
    NewPassword wanted
) {
    const auto admin = accounts.admin.admins().Find(call->caller.admin);
    const std::string stored = admin ? admin->password : std::string();
    const std::string mark = admin ? PasswordMark(*admin) : std::string();
    auto checked = [&accounts, call, attempt, wanted, mark](bool matches) {
        if (!matches) return call->respond(BadRequest(OldIsWrong()));
        accounts.admin.LoginSucceeded(accounts.ledger, *attempt);
        auto again = accounts.admin.passwords().Reserve(true);
        if (!again) return call->respond(TooManyLogins());
        accounts.admin.passwords().Hash(
            std::move(again),
            wanted.next,
            [&accounts, call, login = wanted.login, mark](Result<std::string> hash) {
                SetPassword(accounts, call, login, mark, std::move(hash));
            }
        );
    };
    accounts.admin.passwords().Verify(std::move(place), stored, wanted.old, std::move(checked));
}

}  // namespace

void ListSessions(Accounts& accounts, std::shared_ptr<Call> call) {
    JsonList data;
    if (const auto admin = accounts.admin.admins().Find(call->caller.admin)) {
        for (const auto& session : accounts.admin.sessions().ListOf(*admin, Time::Now())) {
            data.Object(SessionJson(session, call->caller));
        }
    }
    call->respond(DataAnswer(data));
}

void EndSession(Accounts& accounts, std::shared_ptr<Call> call) {
    auto ended = [call](Result<bool> durable) {
        call->respond(durable ? Saying("Session ended") : ErrorResponse(durable.error()));
    };
    const auto admin = accounts.admin.admins().Find(call->caller.admin);
    auto& sessions = accounts.admin.sessions();
    if (admin && sessions.EndOf(accounts.ledger, *admin, call->id, std::move(ended))) return;
    call->respond(NotFound("session"));
}

void PostPassword(Accounts& accounts, std::shared_ptr<Call> call) {
    auto wanted = ReadNewPassword(accounts, *call);
    if (!wanted) return call->respond(ErrorResponse(wanted.error()));
    auto attempt = AttemptOn(accounts, call->request, call->caller.admin, wanted->login);
    auto place = accounts.admin.passwords().Reserve(true);
    if (!place) return call->respond(TooManyLogins());
    Attempt(accounts, call, attempt, [&accounts, call, attempt, place, wanted = *wanted] {
        CheckOld(accounts, call, attempt, place, wanted);
    });
}

}  // namespace barracuda::api
