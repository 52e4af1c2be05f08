// The second factor: POST /api/admin/auth/totp, which ends a login, and POST, DELETE
// …/totp/device and POST …/totp/confirm, by which an admin takes it and gives it up.
#include "api/account_routes.h"
#include "api/list_input.h"
#include "api/respond.h"
#include "api/sign_in.h"
#include "auth/login_challenge.h"

namespace barracuda::api {

namespace {

// What an admin shows as the second factor: the one or the other.
struct Shown {
    std::string code, recovery;

    bool CountsFor(auth::SecondFactor& factor, Time now) const {
        return recovery.empty() ? factor.TakeCode(code, now) : factor.TakeRecovery(recovery);
    }
    const char* name() const { return recovery.empty() ? "code" : "recovery"; }
};

Shown ReadShown(Reader& reader) {
    Shown shown{reader.Text("code"), reader.Text("recovery")};
    if (shown.code.empty() && shown.recovery.empty()) reader.Refuse("code", "is required");
    if (!shown.code.empty() && !shown.recovery.empty()) {
        reader.Refuse("recovery", "is taken in place of a code, not beside one");
    }
    return shown;
}

Error Over() {
    return {ErrorCode::kUnauthorized, "this login is over: begin with the password again", {}};
}
Error OffAlready() { return {ErrorCode::kConflict, "there is no second factor", {}}; }
Error OnAlready() {
    return {ErrorCode::kConflict, "a second factor is on: give that one up first", {}};
}

}  // namespace

void PostFactor(Accounts& accounts, std::shared_ptr<Call> call) {
    if (auto refused = RefuseUnread(accounts, call->request)) return call->respond(*refused);
    auto input = Input::OfBody(call->request);
    if (!input) return call->respond(ErrorResponse(input.error()));
    Reader reader(*input);
    const std::string challenge = reader.RequiredText("challenge");
    const Login login = ReadLogin(accounts, reader, call->request);
    const Shown shown = ReadShown(reader);
    if (reader.error()) return call->respond(ErrorResponse(*reader.error()));
    const auto admin = ChallengedBy(accounts.admin.admins(), challenge, Time::Now());
    if (!admin) return call->respond(ErrorResponse(Over()));
    auto attempt = AttemptOn(accounts, call->request, admin->email, login);
    auto take = [shown, mark = PasswordMark(*admin)](auth::Admin& stored) -> std::optional<Error> {
        if (PasswordMark(stored) != mark) return Over();
        if (shown.CountsFor(stored.factor, Time::Now())) return std::nullopt;
        return Error{ErrorCode::kUnauthorized, "the code is wrong, or was used already", {}};
    };
    auto taken = [&accounts, call, attempt, login](Result<auth::Admin> stored) {
        if (!stored) return call->respond(ErrorResponse(stored.error()));
        // Twice: the password's attempt was counted too, and waited for this.
        accounts.admin.LoginSucceeded(accounts.ledger, *attempt);
        accounts.admin.LoginSucceeded(accounts.ledger, *attempt);
        OpenSession(accounts, call, *stored, login, "Login successful");
    };
    Attempt(accounts, call, attempt, [&accounts, email = admin->email, take, taken] {
        accounts.admin.admins().Change(accounts.ledger, email, take, taken);
    });
}

void NewFactorDevice(Accounts& accounts, std::shared_ptr<Call> call) {
    const std::string secret = auth::NewFactorSecret();
    auto give = [secret](auth::Admin& admin) -> std::optional<Error> {
        if (admin.factor.on) return OnAlready();
        admin.factor = {.secret = secret};
        return std::nullopt;
    };
    auto given = [call, secret](Result<auth::Admin> admin) {
        if (!admin) return call->respond(ErrorResponse(admin.error()));
        JsonObject data;
        data.Text("secret", secret).Text("uri", auth::FactorUri(secret, admin->email));
        call->respond(DataAnswer(data));
    };
    accounts.admin.admins().Change(accounts.ledger, call->caller.admin, give, given);
}

void ConfirmFactor(Accounts& accounts, std::shared_ptr<Call> call) {
    auto input = Input::OfBody(call->request);
    if (!input) return call->respond(ErrorResponse(input.error()));
    Reader reader(*input);
    const std::string code = reader.RequiredText("code");
    RefuseUnread(*input, reader, "is not taken here");
    if (reader.error()) return call->respond(ErrorResponse(*reader.error()));
    auto recovery = std::make_shared<std::vector<std::string>>();
    auto confirm = [code, recovery](auth::Admin& admin) -> std::optional<Error> {
        if (admin.factor.on) return OnAlready();
        if (admin.factor.secret.empty()) return OffAlready();
        if (!admin.factor.TakeCode(code, Time::Now())) {
            return Error{ErrorCode::kInvalid, "code is not the one of now", "code"};
        }
        admin.factor.on = true;
        *recovery = admin.factor.NewRecovery();
        return std::nullopt;
    };
    auto confirmed = [call, recovery](Result<auth::Admin> admin) {
        if (!admin) return call->respond(ErrorResponse(admin.error()));
        JsonList codes;
        for (const auto& one : *recovery) codes.Text(one);
        call->respond(DataAnswer(JsonObject().List("recovery", codes)));
    };
    accounts.admin.admins().Change(accounts.ledger, call->caller.admin, confirm, confirmed);
}

// Whoever found a desk open must not take it off: that wants a code too.
void DropFactorDevice(Accounts& accounts, std::shared_ptr<Call> call) {
    auto input = Input::OfBody(call->request);
    if (!input) return call->respond(ErrorResponse(input.error()));
    Reader reader(*input);
    const Login login = ReadLogin(accounts, reader, call->request);
    const Shown shown = ReadShown(reader);
    RefuseUnread(*input, reader, "is not taken here");
    if (reader.error()) return call->respond(ErrorResponse(*reader.error()));
    auto attempt = AttemptOn(accounts, call->request, call->caller.admin, login);
    auto drop = [shown](auth::Admin& admin) -> std::optional<Error> {
        if (!admin.factor.on) return OffAlready();
        if (!shown.CountsFor(admin.factor, Time::Now())) {
            const std::string name = shown.name();
            return Error{ErrorCode::kInvalid, name + " is wrong, or was used already", name};
        }
        admin.factor = {};
        return std::nullopt;
    };
    auto dropped = [&accounts, call, attempt](Result<auth::Admin> admin) {
        if (!admin) return call->respond(ErrorResponse(admin.error()));
        accounts.admin.LoginSucceeded(accounts.ledger, *attempt);
        call->respond(Saying("The second factor is off"));
    };
    Attempt(accounts, call, attempt, [&accounts, call, drop, dropped] {
        accounts.admin.admins().Change(accounts.ledger, call->caller.admin, drop, dropped);
    });
}

}  // namespace barracuda::api
