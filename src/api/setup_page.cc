// GET /setup?token=…: what the one-time link of the first start opens. It changes nothing (a link
// checker or a browser's preview may open it too); the admin is made by POST /api/admin/auth/setup.
#include <fmt/format.h>

#include <algorithm>

#include "api/account_routes.h"
#include "api/origin.h"
#include "auth/admin_auth.h"
#include "web/pages.h"

namespace barracuda::api {

namespace {

// The address the link was opened at, as a word of a shell command: nothing else of a header may
// get into what people paste. Behind TLS it is https: a redirect comes after the secret was sent.
std::string OpenedAt(const Accounts& accounts, const http::Request& request) {
    const auto host = HostOfClient(accounts.proxies, request);
    bool plain =
        !host.empty() && host.size() <= 255 &&
        std::all_of(host.begin(), host.end(), [](unsigned char c) {
            return std::isalnum(c) || c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
        });
    return fmt::format(
        "{}://{}",
        SchemeOfClient(accounts.proxies, request),
        plain ? host : std::string_view("ADDRESS-OF-THIS-SERVER")
    );
}

}  // namespace

void SetupPage(Accounts& accounts, std::shared_ptr<Call> call) {
    // The page asks for the same address as text, and so learns whether the link is still good.
    if (web::WantsPage(call->request)) {
        if (auto page = web::Page(call->request)) return call->respond(std::move(*page));
    }
    std::string token;
    for (const auto& [name, value] : call->request.query) {
        if (name == "token") token = value;
    }
    if (!accounts.admin.IsSetupToken(token)) {
        return call->respond(ErrorResponse(
            {ErrorCode::kUnauthorized,
             "this setup link is not valid any more: it works once, for an hour, until the next "
             "start. While there is no admin every start makes a new one; `barracuda admin create` "
             "makes an admin without a link.",
             {}}
        ));
    }
    http::Response response;
    response.content_type = "text/plain; charset=utf-8";
    response.headers = {{"Cache-Control", "no-store"}, {"Referrer-Policy", "no-referrer"}};
    response.body = fmt::format(
        "This link makes you the first admin of this Barracuda: once, within an hour of its "
        "start.\n"
        "A browser opens it as a page. Or put your e-mail, your name and a password of {} "
        "characters\n"
        "or more into this command and run it in a shell:\n\n"
        "  curl {}/api/admin/auth/setup -H 'Content-Type: application/json' \\\n"
        "    -d "
        "'{{\"token\":\"{}\",\"email\":\"E-MAIL\",\"name\":\"NAME\",\"password\":\"PASSWORD\"}}'"
        "\n\n"
        "Its answer holds a session token for `Authorization: Bearer TOKEN`; later ones come from\n"
        "POST /api/admin/auth/login with the e-mail and the password.\n",
        auth::kMinPasswordBytes,
        OpenedAt(accounts, call->request),
        token
    );
    call->respond(std::move(response));
}

}  // namespace barracuda::api
