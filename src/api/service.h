// What the routes need, wired by hand in src/app. A route takes a Context and the request, and
// calls `respond` once, on any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/answer_counts.h"
#include "api/client_address.h"
#include "api/credentials.h"
#include "api/input.h"
#include "api/key_ring.h"
#include "api/rate_limit.h"
#include "api/received_log.h"
#include "api/request_record.h"
#include "config/config.h"
#include "delivery/attempt_log.h"
#include "delivery/dispatcher.h"
#include "http/server.h"
#include "ledger/ledger.h"
#include "store/engine.h"

namespace barracuda::delivery {
class CatalogStore;
class Destinations;
class FlowRunner;
class GoalRules;
class Membership;
class ReplayJobs;
}  // namespace barracuda::delivery

namespace barracuda::api {

class AdminAuth;
class QueryPool;
class SharedState;

struct Service {
    const config::Config& config;
    store::Engine& engine;
    ledger::Ledger& ledger;
    delivery::Dispatcher& dispatcher;
    KeyRing& keys;
    QueryPool& queries;
    TrustedProxies proxies;
    RateLimit forms;
    AdminAuth* admin = nullptr;             // admin_auth.h
    delivery::FlowRunner* flows = nullptr;  // delivery/flow.h
    RequestObserver answered = {};          // empty: no request log
    const delivery::Membership* nodes = nullptr;
    const delivery::GoalRules* goals = nullptr;
    SharedState* shared = nullptr;                   // none: nobody else writes to the store
    delivery::CatalogStore* catalog = nullptr;       // delivery/catalog_store.h
    delivery::Destinations* destinations = nullptr;  // delivery/destination.h
    delivery::ReplayJobs* replays = nullptr;         // delivery/replay_jobs.h
    store::LogStore* logs = nullptr;                 // nullptr: both logs are off
    ReceivedLog* received = nullptr;                 // nullptr: off
    delivery::AttemptLog* attempts = nullptr;
    std::string_view version = {};
    AnswerCounts answers = {};
};

// A request on its way through one route.
struct Call {
    http::Request request;
    http::Respond respond;
    Caller caller;           // who asks (key_ring.h)
    bool explain = false;    // ?explain=1 with a key
    bool looked_up = false;  // an unknown session was asked of the store (auth.h)
    Received received;       // for the log of what came in (received_log.h)
    http::Respond answer;    // what `respond` was before the log listened
};

using Route = void (*)(Service&, std::shared_ptr<Call>);

// Answers of errors: one table maps codes to HTTP.
int StatusOf(ErrorCode code);
http::Response ErrorResponse(const Error& error);

}  // namespace barracuda::api
