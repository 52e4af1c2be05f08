// Authentication: keys by header, for route 5 also by URL; sessions of admins by header or cookie.
//
// Threads: any. Errors: kUnauthorized, no credential or an unknown one; kForbidden, one that may
// not; kUnavailable, nobody can tell now.
#pragma once

#include "api/service.h"

namespace barracuda::api {

enum class Access {
    kOpen,
    kIngest,     // a key of scope ingest or admin, unless [auth] ingest = "open"
    kIngestUrl,  // the same, or an ingest key as ?key=
    // An admin's session or an admin key, always. A key may do everything; of an admin the role
    // decides:
    kAdmin,   // GET takes any, whatever changes something an operator
    kReader,  // any, whatever the method
    kOwner,   // an owner
    kPerson,  // any, and no key: it is about the admin who asks
};
bool ForAdmins(Access access);
auth::Role LeastRole(Access access, std::string_view method);

// The token of `Authorization: Bearer TOKEN`, a key's or a session's; the view lives as long as
// the request.
std::optional<std::string_view> BearerOf(const http::Request& request);

// Who asks with this request, of a route that takes `access`.
Result<auth::Caller> Authenticate(
    const Accounts& accounts, const http::Request& request, Access access
);

// The client's address, seen through trusted proxies.
std::string ClientOf(const Accounts& accounts, const http::Request& request);

// The fault of a report of this affiliate: kForbidden when the caller's key is bound to another
// one; nullopt: none.
std::optional<Error> CheckAffiliate(const auth::Caller& caller, const AffiliateId& affiliate);
Error BoundElsewhere();  // the error of CheckAffiliate

// The error for a browser's page that is not ours (origin.h): kForbidden.
Error ForeignPage();

// With other nodes: a key or session that memory does not know may have been made there a moment
// ago. A client takes 401 for final, so it is only said of what the store does not know either.
bool MayBeKnownElsewhere(const Accounts& accounts, const http::Request& request);
enum class LookUp {
    kNothing,  // the credential is none that another node can have made: 401 stands
    kBegun,    // read on a query thread, which then calls `again`; the error: the store did not say
    kNotNow,   // too many look-ups already: 503
};
using LookedUp = std::function<void(std::optional<Error>)>;
LookUp LookUpFirst(const Accounts& accounts, const http::Request& request, LookedUp again);
// The error where the store could not be asked: kUnavailable.
Error NotLookedUp();

}  // namespace barracuda::api
