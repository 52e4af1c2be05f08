// The settings' own network, goals and offer as the catalog's built-in ones.
//
// Threads: any; nothing is kept.
#pragma once

#include "config/config.h"
#include "domain/catalog.h"

namespace barracuda::api {

// One [[goal]] of checked settings.
domain::Goal GoalOf(const config::Goal& goal);
// Everything that the settings name; revision 0, so that a stored entity takes its place.
domain::Catalog::Parts BuiltInOf(const config::Config& config);

}  // namespace barracuda::api
