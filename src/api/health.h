// Whether this node can take what it is asked to write, and who may read why not.
//
// Threads: any.
#pragma once

#include <optional>
#include <string>

#include "api/service.h"

namespace barracuda::api {

// Why this node can take no writes: the store refuses them, or the node is fenced; nullopt: it can.
// /readyz answers it.
std::optional<std::string> TroubleOf(const Vitals& vitals);

// The store's own words name hosts, paths and versions: only the operators' address and the machine
// itself get them. A request that passed a proxy comes from neither.
bool MayReadWhy(const http::Request& request);

}  // namespace barracuda::api
