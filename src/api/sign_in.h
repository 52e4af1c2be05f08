// What the routes share that open a session or ask for a secret once more: the body before it is
// read, the count of attempts, the answer with the session.
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

// Before the body is read: a page of another site, or more than such a body has.
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

// Opens one and answers it: as a token in `data`, or as a cookie alone, so that a page which keeps
// the token itself also ends the session itself.
void OpenSession(
    Accounts& accounts,
    std::shared_ptr<Call> call,
    const auth::Admin& admin,
    Login login,
    const char* message
);

http::Response TooManyLogins();  // no place to hash a password
http::Response WrongSecret(const char* what);

}  // namespace barracuda::api
