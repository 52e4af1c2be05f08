// Whether this node can take what it is asked to write.
//
// Threads: any.
#pragma once

#include <optional>
#include <string>

#include "api/service.h"

namespace barracuda::api {

// nullopt, or why not: the store refuses writes, or this node is fenced. What /readyz answers.
std::optional<std::string> TroubleOf(const Service& service);

}  // namespace barracuda::api
