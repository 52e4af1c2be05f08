// /metrics before there is a service: docs/operating/metrics.md.
#pragma once

#include <string>
#include <string_view>

#include "http/response.h"

namespace barracuda::api {

// The metrics that are known while the store cannot be used yet.
http::Response WaitingMetrics(std::string_view version, const std::string& data);

}  // namespace barracuda::api
