// GET /metrics while a server waits for its store (docs/operating/metrics.md); with a service it is
// the route Metrics (routes.h).
//
// Threads: any; nothing is kept.
#pragma once

#include <string>
#include <string_view>

#include "http/response.h"

namespace barracuda::api {

// The metrics that are known while the store cannot be used yet.
http::Response WaitingMetrics(std::string_view version, const std::string& data);

}  // namespace barracuda::api
