// Paths to routes: one table. Authenticates, then calls the route.
#pragma once

#include "api/service.h"

namespace barracuda::api {

void Handle(Service& service, http::Request&& request, http::Respond respond);

}  // namespace barracuda::api
