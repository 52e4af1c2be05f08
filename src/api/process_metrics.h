// The process itself, under the names that Prometheus' own clients use (`process_*`).
//
// Threads: any.
#pragma once

#include <string>

namespace barracuda::api {

// Whole families as text; those that /proc does not tell are left out.
std::string ProcessMetrics();

}  // namespace barracuda::api
