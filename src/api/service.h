// The service behind the routes, divided by who needs what. A route takes the one part it works on
// and a Call, and calls the call's `respond` once, on any thread.
//
//     void PostFtd(Reports& reports, std::shared_ptr<Call> call);
//
// Made once from Parts, before the listeners open. References are never null and outlive the
// service; a pointer says when it is null.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "api/answers.h"
#include "api/finding.h"
#include "api/reader.h"
#include "api/received_log.h"
#include "api/request_record.h"
#include "auth/client_address.h"
#include "auth/credentials.h"
#include "auth/key_ring.h"
#include "auth/rate_limit.h"
#include "base/turns.h"
#include "config/config.h"
#include "delivery/attempt_log.h"
#include "delivery/dispatcher.h"
#include "http/server.h"
#include "ledger/ledger.h"
#include "store/engine.h"

namespace barracuda::nodes {
class GoalRules;
class Membership;
}  // namespace barracuda::nodes

namespace barracuda::contacts {
class ErasureSweep;
class FlowRunner;
}  // namespace barracuda::contacts

namespace barracuda::delivery {
class CatalogStore;
class Destinations;
class ReplayJobs;
}  // namespace barracuda::delivery

namespace barracuda::site {
class Site;
}

namespace barracuda::auth {
class AdminAuth;
class SharedState;
}  // namespace barracuda::auth

namespace barracuda::api {

class EventHub;
class QueryPool;

// Counts of the parts that no route sees, for /metrics.
struct OperatorNumbers {
    http::ServerStats server{};
    std::array<uint64_t, kFaults> faults{};
    uint64_t log_lines_dropped = 0;
    uint64_t contacts_aged = 0;     // erased by their age
    uint64_t conversions_aged = 0;  // that lost what says a visitor
};

// Everything that the service is made of.
struct Parts {
    const config::Config& config;
    std::string_view version;
    store::Engine& engine;
    ledger::Ledger& ledger;
    delivery::Dispatcher& dispatcher;
    delivery::CatalogStore& catalog;
    delivery::Destinations& destinations;
    delivery::ReplayJobs& replays;
    contacts::FlowRunner& flows;
    contacts::ErasureSweep& erasures;
    const nodes::Membership& membership;
    const nodes::GoalRules& goals;
    const site::Site& site;
    auth::KeyRing& keys;
    auth::AdminAuth& admin;
    auth::SharedState* shared;       // nullptr: no other node writes to the store
    QueryPool& queries;              // lists, statistics, look-ups in the store
    QueryPool& reaches;              // whether a network's host can be called
    store::LogStore* logs;           // nullptr: both logs are off
    ReceivedLog* received;           // nullptr: this log is off
    delivery::AttemptLog* attempts;  // nullptr: this log is off
    Answers& answers;
    EventHub& events;
    std::function<OperatorNumbers()> numbers;
    std::function<std::vector<Finding>()> examine;  // as the doctor does; blocks
};

// Who asks (auth.h), and the sessions that admins begin and end.
struct Accounts {
    store::Engine& engine;
    ledger::Ledger& ledger;
    auth::KeyRing& keys;
    auth::AdminAuth& admin;
    auth::SharedState* shared;  // nullptr: no other node writes to the store
    QueryPool& queries;
    const config::Config::Server& settings;
    bool demo;         // the desk says so
    bool open_ingest;  // [auth] ingest = "open": no key is asked for
    auth::TrustedProxies proxies;
};

// Routes 1 and 4 to 7: conversions reported, decided by the ledger and sent to the network.
struct Reports {
    ledger::Ledger& ledger;
    delivery::Dispatcher& dispatcher;
    delivery::CatalogStore& catalog;
    delivery::Destinations& destinations;  // the network's own list
    contacts::FlowRunner& flows;
    const nodes::GoalRules& goals;
    OfferId offer;                          // network.offer: of a report that names none
    std::chrono::milliseconds inline_wait;  // an answer waits so long for a first outcome
    std::atomic<int64_t>& ignored_values;   // macros and placeholders taken as absent
};

// Routes 2 and 3: the two public forms.
struct Forms {
    const Accounts& accounts;
    const site::Site& site;
    contacts::FlowRunner& flows;
    const config::Config::Forms& settings;
    const std::string& dashboard_url;
    std::chrono::milliseconds inline_wait;
    std::atomic<int64_t>& ignored_values;
    auth::RateLimit limit;
};

// The pages for strangers.
struct Landing {
    const site::Site& site;
};

// Route 7, reading: lists and statistics of conversions.
struct Lists {
    store::Engine& engine;
    QueryPool& queries;
};

// Conversions seen one by one, corrected, and changed many at a time.
struct Conversions {
    store::Engine& engine;
    ledger::Ledger& ledger;
    delivery::CatalogStore& catalog;
    delivery::ReplayJobs& jobs;
    QueryPool& queries;
};

// The admin's pages about contacts.
struct ContactPages {
    store::Engine& engine;
    ledger::Ledger& ledger;
    contacts::FlowRunner& flows;
    contacts::ErasureSweep& erasures;
    QueryPool& queries;
};

// Deliveries seen, sent again, cancelled, one by one or by a job.
struct Deliveries {
    store::Engine& engine;
    ledger::Ledger& ledger;
    delivery::Dispatcher& dispatcher;
    delivery::ReplayJobs& replays;
    QueryPool& queries;
    store::LogStore* logs;           // nullptr: both logs are off
    delivery::AttemptLog* attempts;  // nullptr: this log is off
};

// Networks, goals and offers.
struct Entities {
    store::Engine& engine;
    ledger::Ledger& ledger;
    delivery::Dispatcher& dispatcher;
    delivery::CatalogStore& catalog;
    delivery::Destinations& destinations;
    delivery::ReplayJobs& replays;
    const nodes::GoalRules& goals;
    const config::Config& config;  // what the settings name, and the addresses they open
    QueryPool& queries;
    QueryPool& reaches;
    Turns turns{};  // edits that are judged by what other entities say (InTurn)
};

// The two logs, to be read.
struct Logs {
    store::LogStore* store;          // nullptr: both logs are off
    ReceivedLog* received;           // nullptr: this log is off
    delivery::AttemptLog* attempts;  // nullptr: this log is off
    QueryPool& queries;
};

// The server-sent events of pages that listen.
struct Events {
    EventHub& hub;
};

// Health for the machines and the people around the program: /livez, /readyz, /metrics, the status.
struct Vitals {
    const config::Config& config;
    store::Engine& engine;
    ledger::Ledger& ledger;
    delivery::Dispatcher& dispatcher;
    delivery::CatalogStore& catalog;
    const nodes::Membership& membership;
    const Answers& answers;
    ReceivedLog* received;           // nullptr: this log is off
    delivery::AttemptLog* attempts;  // nullptr: this log is off
    std::string_view version;
    const std::string& data;  // the data directory
    std::function<OperatorNumbers()> numbers;
    std::function<std::vector<Finding>()> examine;
    QueryPool& reaches;
    const std::atomic<int64_t>& ignored_values;
};

// Every part, for the router alone. Converts to each part, so that its table can call a route with
// the part that the route takes.
class Service {
public:
    explicit Service(const Parts& parts);
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    Answers& answers() { return answers_; }
    Accounts& accounts() { return accounts_; }
    const Vitals& vitals() const { return vitals_; }

    operator Accounts&() { return accounts_; }
    operator Reports&() { return reports_; }
    operator Forms&() { return forms_; }
    operator Landing&() { return landing_; }
    operator Lists&() { return lists_; }
    operator Conversions&() { return conversions_; }
    operator ContactPages&() { return contact_pages_; }
    operator Deliveries&() { return deliveries_; }
    operator Entities&() { return entities_; }
    operator Logs&() { return logs_; }
    operator Events&() { return events_; }
    operator Vitals&() { return vitals_; }

private:
    std::atomic<int64_t> ignored_values_ = 0;  // before the parts, which refer to it
    Answers& answers_;
    Accounts accounts_;
    Reports reports_;
    Forms forms_;
    Landing landing_;
    Lists lists_;
    Conversions conversions_;
    ContactPages contact_pages_;
    Deliveries deliveries_;
    Entities entities_;
    Logs logs_;
    Events events_;
    Vitals vitals_;
};

// A request on its way through one route.
struct Call {
    Call() = default;
    ~Call();  // answers what the route did not (answers.h)
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    http::Request request;
    std::string id;                      // for "{id}" in the route's path, trimmed as every id is
    http::Respond respond;               // the first answer counts; from any thread
    auth::Caller caller;                 // who asks (key_ring.h)
    bool explain = false;                // ?explain=1 with a key
    bool looked_up = false;              // an unknown session was asked of the store (auth.h)
    Received received;                   // for the log of what came in (received_log.h)
    std::vector<std::string> ignored{};  // names that nobody read (ignored.h)

    // Answers alone; null where a test made the call.
    Answers* answers = nullptr;
    http::Respond answer;
    size_t row = 0;
    const char* path = "-";  // of the table of routes
    std::chrono::steady_clock::time_point begun{};
    std::atomic<bool> answered = false;
    bool told = false;       // the operator knows why it is 503
    RequestRecord record{};  // where requests are logged
};

// A route as its file declares it.
template <typename Part>
using RouteOf = void (*)(Part&, std::shared_ptr<Call>);

// Answers of errors: one table maps codes to HTTP.
int StatusOf(ErrorCode code);
http::Response ErrorResponse(const Error& error);

}  // namespace barracuda::api
