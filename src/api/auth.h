// Who may call a route: keys by header, and for route 5 by URL.
#pragma once

#include "api/service.h"

namespace barracuda::api {

enum class Access {
    kOpen,
    kIngest,     // a key of scope ingest or admin, unless [auth] ingest = "open"
    kIngestUrl,  // the same, or an ingest key as ?key=
    kAdmin,      // an admin session or an admin key, always
};

Result<Caller> Authenticate(Service& service, const http::Request& request, Access access);

// The client's address, seen through trusted proxies.
std::string ClientOf(const Service& service, const http::Request& request);

// kForbidden when the caller's key is bound to another affiliate.
std::optional<Error> CheckAffiliate(const Caller& caller, std::string_view affiliate);
Error BoundElsewhere();  // what it says then

// With other nodes: a key or session that memory does not know may have been made there a moment
// ago. Reads it on a query thread and then calls `again` there. False: nothing to look up, or too
// many look-ups already; `again` is not called.
bool LookUpFirst(Service& service, const http::Request& request, std::function<void()> again);

}  // namespace barracuda::api
