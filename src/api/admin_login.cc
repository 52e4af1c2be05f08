// POST /api/admin/auth/login, /setup and /invitation: what opens a session by a password, an old
// one or the first.
#include "api/account_routes.h"
#include "api/respond.h"
#include "api/sign_in.h"
#include "auth/login_challenge.h"
#include "base/text.h"
#include "domain/email.h"

namespace barracuda::api {

namespace {

// The password is right: where a second factor is on, only half of the login. Its attempt stays
// counted until the other half is done, or guessing codes would be free.
void AnswerPassword(
    Accounts& accounts,
    std::shared_ptr<Call> call,
    const auth::LoginAttempt& attempt,
    const auth::Admin& admin,
    const Login& login
) {
    if (!admin.factor.on) {
        accounts.admin.LoginSucceeded(accounts.ledger, attempt);
        return OpenSession(accounts, call, admin, login, "Login successful");
    }
    JsonObject data, answer;
    data.Text("email", admin.email).Text("challenge", NewChallenge(admin, Time::Now()));
    answer.Bool("success", true).Text("message", "A code is needed").Object("data", data);
    call->respond(JsonResponse(200, answer));
}

void CheckPassword(
    Accounts& accounts,
    std::shared_ptr<Call> call,
    std::shared_ptr<const auth::LoginAttempt> attempt,
    auth::PasswordWorker::Place place,
    Login login,
    std::string password
) {
    // One without a password that we accept costs what nobody costs: the time tells nothing.
    auto admin = accounts.admin.admins().Find(attempt->account);
    if (admin && !admin->CanLogIn()) admin.reset();
    accounts.admin.passwords().Verify(
        std::move(place),
        admin ? admin->password : std::string(),
        std::move(password),
        [&accounts, call, admin, attempt, login](bool matches) {
            if (!matches || !admin) {
                return call->respond(WrongSecret("the e-mail or the password is wrong"));
            }
            AnswerPassword(accounts, call, *attempt, *admin, login);
        }
    );
}

struct SetupInput {
    std::string token, email, name, password;
    Login login;
};

Result<SetupInput> ReadSetup(const http::Request& request) {
    auto input = Input::OfBody(request);
    if (!input) return Fail(input.error());
    Reader reader(*input);
    SetupInput setup;
    setup.token = reader.RequiredText("token");
    setup.email = Lower(Trim(reader.RequiredText("email")));
    setup.name = Trim(std::string_view(reader.RequiredText("name")));
    setup.password = reader.RequiredText("password");
    setup.login.by_cookie = reader.Bool("cookie") == "true";
    if (!auth::IsName(setup.name)) reader.Refuse("name", auth::kNameRule);
    if (!domain::IsHtmlEmail(setup.email)) reader.Refuse("email", "is not an e-mail address");
    const auto problem = auth::ProblemOfPassword(setup.password);
    if (!problem.empty()) reader.Refuse("password", problem);
    if (reader.error()) return Fail(*reader.error());
    return setup;
}

void FinishSetup(
    Accounts& accounts,
    std::shared_ptr<Call> call,
    const SetupInput& setup,
    const Result<std::string>& password_hash
) {
    if (!password_hash) {
        accounts.admin.ReturnSetupToken(setup.token);
        return call->respond(ErrorResponse(password_hash.error()));
    }
    accounts.admin.admins().Create(
        accounts.ledger,
        {.email = setup.email, .name = setup.name, .password = *password_hash},
        [&accounts, call, token = setup.token, login = setup.login](Result<auth::Admin> admin) {
            if (!admin) {
                accounts.admin.ReturnSetupToken(token);
                return call->respond(ErrorResponse(admin.error()));
            }
            OpenSession(accounts, call, *admin, login, "Admin created");
        }
    );
}

}  // namespace

void AdminLogin(Accounts& accounts, std::shared_ptr<Call> call) {
    if (auto refused = RefuseUnread(accounts, call->request)) return call->respond(*refused);
    auto input = Input::OfBody(call->request);
    if (!input) return call->respond(ErrorResponse(input.error()));
    Reader reader(*input);
    const std::string email = Lower(Trim(reader.RequiredText("email")));
    const std::string password = reader.RequiredText("password");
    const Login login = ReadLogin(accounts, reader, call->request);
    if (reader.error()) return call->respond(ErrorResponse(*reader.error()));
    auto attempt = AttemptOn(accounts, call->request, email, login);
    // First a place to hash: an attempt that nobody looks at is not counted.
    auto place = accounts.admin.passwords().Reserve(!attempt->device.empty());
    if (!place) return call->respond(TooManyLogins());
    Attempt(accounts, call, attempt, [&accounts, call, attempt, place, login, password] {
        CheckPassword(accounts, call, attempt, place, login, password);
    });
}

void AdminSetup(Accounts& accounts, std::shared_ptr<Call> call) {
    if (auto refused = RefuseUnread(accounts, call->request)) return call->respond(*refused);
    auto setup = ReadSetup(call->request);
    if (!setup) return call->respond(ErrorResponse(setup.error()));
    if (!accounts.admin.TakeSetupToken(setup->token)) {
        return call->respond(
            ErrorResponse({ErrorCode::kUnauthorized, "this setup link is not valid any more", {}})
        );
    }
    auto place = accounts.admin.passwords().Reserve(true);  // the link is known to nobody else
    if (!place) {
        accounts.admin.ReturnSetupToken(setup->token);
        return call->respond(TooManyLogins());
    }
    accounts.admin.passwords().Hash(
        std::move(place),
        setup->password,
        [&accounts, call, setup = *setup](Result<std::string> hash) {
            FinishSetup(accounts, call, setup, hash);
        }
    );
}

void AcceptInvitation(Accounts& accounts, std::shared_ptr<Call> call) {
    if (auto refused = RefuseUnread(accounts, call->request)) return call->respond(*refused);
    auto input = Input::OfBody(call->request);
    if (!input) return call->respond(ErrorResponse(input.error()));
    Reader reader(*input);
    const std::string token = reader.RequiredText("token");
    const std::string password = reader.RequiredText("password");
    const Login login = ReadLogin(accounts, reader, call->request);
    const auto problem = auth::ProblemOfPassword(password);
    if (!problem.empty()) reader.Refuse("password", problem);
    if (reader.error()) return call->respond(ErrorResponse(*reader.error()));
    const auto invited = accounts.admin.admins().FindInvited(token, Time::Now());
    if (!invited) return call->respond(WrongSecret("this invitation is not valid any more"));
    auto place = accounts.admin.passwords().Reserve(true);  // the token is known to nobody else
    if (!place) return call->respond(TooManyLogins());
    auto opened = [&accounts, call, login](Result<auth::Admin> admin) {
        if (!admin) return call->respond(ErrorResponse(admin.error()));
        OpenSession(accounts, call, *admin, login, "Welcome");
    };
    auto hashed = [&accounts, call, token, email = invited->email, opened](Result<std::string> hash
                  ) {
        if (!hash) return call->respond(ErrorResponse(hash.error()));
        accounts.admin.admins().Accept(accounts.ledger, email, token, *hash, opened);
    };
    accounts.admin.passwords().Hash(std::move(place), password, std::move(hashed));
}

}  // namespace barracuda::api
