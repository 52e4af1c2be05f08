// Shared by the routes that open a session or ask for a secret once more: the checks before the
// body is read, the count of attempts, the answer with the session.
//
// Threads: any; nothing is kept.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/service.h"
#include "auth/admin_auth.h"

namespace barracuda::api {

// The client's wishes, and its proof of an earlier login.
struct Login {
    bool by_cookie = false;
    std::string device = {};  // a token, perhaps not ours
};
Login ReadLogin(const Accounts& accounts, Reader& reader, const http::Request& request);

// Before the body is read: the refusal of a page of another site, or of a body that is too large
// for a login; nullopt: it may be read.
std::optional<http::Response> RefuseUnread(const Accounts& accounts, const http::Request& request);

// An attempt on this account, from where the request comes.
std::shared_ptr<auth::LoginAttempt> AttemptOn(
    const Accounts& accounts, const http::Request& request, std::string account, const Login& login
);
// Counts it and goes on, or answers that it is too early.
void Attempt(
    Accounts& accounts,
    const std::shared_ptr<Call>& call,
    const std::shared_ptr<auth::LoginAttempt>& attempt,
    std::function<void()> go_on
);

// Opens a session and answers the call: with it as a token in `data`, or as a cookie alone, so that
// a page which keeps the token itself also ends the session itself.
void OpenSession(
    Accounts& accounts,
    std::shared_ptr<Call> call,
    const auth::Admin& admin,
    Login login,
    const char* message
);

http::Response TooManyLogins();                // 503: no place to hash a password
http::Response WrongSecret(const char* what);  // 401 with `what` as its message

}  // namespace barracuda::api
