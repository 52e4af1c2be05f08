// Paths to routes: one table. Authenticates, then calls the route.
//
// Threads: any.
#pragma once

#include "api/service.h"

namespace barracuda::api {

// A route that throws is answered 503, and told (answers.h).
void Handle(Service& service, http::Request&& request, http::Respond respond);

// For http::ServerOptions: whether the header alone says how the request ends, since no route takes
// it or nobody is recognised by it.
bool NeedsNoBody(Service& service, const http::Request& request);

// A line of the table; path and method are "-" for what is not in it.
struct RouteRow {
    size_t row = 0;  // in AnswerCounts
    const char* path = "-";
    const char* method = "-";
};
void EachRoute(const std::function<void(const RouteRow&)>& visit);

}  // namespace barracuda::api
