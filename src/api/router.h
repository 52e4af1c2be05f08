// Paths to routes: one table. Authenticates, then calls the route.
#pragma once

#include "api/service.h"

namespace barracuda::api {

void Handle(Service& service, http::Request&& request, http::Respond respond);

// Calls `visit` for each line of the table and class of status that was answered at all; path and
// method are "-" for what is not in the table.
void EachAnswerCount(
    const AnswerCounts& counts,
    const std::function<
        void(const char* path, const char* method, int status_class, uint64_t answers)>& visit
);

}  // namespace barracuda::api
