// The settings' own networks and goals as the catalog's built-in ones.
#pragma once

#include "config/config.h"
#include "domain/catalog.h"

namespace barracuda::api {

domain::Goal GoalOf(const config::Goal& goal);
domain::Catalog::Parts BuiltInOf(const config::Config& config);

}  // namespace barracuda::api
