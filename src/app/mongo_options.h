// The options of a MongoDB store, from the settings.
//
// Threads: any; nothing is kept.
#pragma once

#include <algorithm>

#include "config/config.h"
#include "store/mongo/mongo_client.h"

namespace barracuda::app {

// Address and database; timeouts and the rest are the client's own.
inline store::MongoOptions MongoOptionsOf(const config::Config& config) {
    store::MongoOptions options;
    options.uri = config.store.url;
    options.database = config.store.database;
    return options;
}

// Whether a goal is configured to count several times a click.
inline bool SeveralPerClick(const config::Config& config) {
    return std::any_of(config.goals.begin(), config.goals.end(), [](const auto& goal) {
        return goal.repeatable;
    });
}

}  // namespace barracuda::app
