// Everything an operator can set, read once at start and never changed afterwards.
//
// A setting is taken from, in rising order: its built-in default, the TOML file, the environment
// (`BARRACUDA_SECTION_KEY`; `BARRACUDA_SECTION_KEY_FILE` names a file that holds the value; a few
// have an alias known from the seed, which ours beat), a flag. The list is one table, settings.cc.
//
// Threads: Load and Describe are pure apart from reading the named files; a loaded Config may be
// read by any number of threads. Errors are kInvalid and name the setting, where it came from and
// what is expected; no message repeats a secret.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/strong_id.h"

namespace barracuda::config {

// A goal of the network and its chain rule. `then` is the id of the once-goal that follows (empty:
// none), `then_amount` its sum as an exact decimal ("100"), `then_when` the moment that sets it
// off.
struct Goal {
    std::string id = {};
    std::string type = "other";  // registration | deposit | other
    bool repeatable = false;     // several per click, told apart by transaction_id
    std::string then = {};
    std::string then_amount = "0";
    std::string then_when = "recorded";  // recorded | delivered

    bool operator==(const Goal&) const = default;
};

struct Config {
    struct Server {
        std::string listen_host;                   // without the brackets of IPv6
        std::uint16_t listen_port = 0;             // 0: any free port
        std::vector<std::string> trusted_proxies;  // CIDRs
        std::vector<std::string> hosts;            // names of ours, perhaps with a port
        std::string ops_listen;  // HOST:PORT; empty: metrics and health on the main address
        int threads = 0;         // 0: one a core
        std::chrono::milliseconds idle_timeout{75'000};
    } server;
    struct Store {
        std::string url;       // "rocksdb" or a MongoDB address (which may hold a password)
        std::string data;      // directory
        std::string database;  // never empty once loaded
        bool adopt_on_start = false;
        bool allow_standalone = false;  // of MongoDB: a server without a replica set
        bool IsMongo() const { return url.starts_with("mongodb"); }
    } store;
    struct Auth {
        std::string ingest;  // "key" | "open"
    } auth;
    struct Forms {
        std::vector<std::string> origins;  // CORS: "https://host[:port]" or "*"
        bool trust_amounts = false;
        // The texts shown after the form: `message` and `note`, for affiliates and the others.
        std::string affiliate_message, affiliate_note, message, note;
    } forms;
    // The page of strangers at `/`, with the contact form. An empty text: the page's own words.
    struct Landing {
        bool page = false;
        std::string language;  // "en", "de"; empty: the visitor's
        std::string name;      // whose page it is
        std::string title, lead, promise;
        std::string logo;                  // a picture's file; empty: Barracuda's own
        std::vector<std::string> colours;  // "#rrggbb", on light and on dark ground; none: ours
        std::string privacy_url, imprint_url;
    } landing;
    struct Network {
        std::string base_url;  // no URL ends in a slash; empty: not configured
        std::string hash;
        std::string private_api_url;
        std::string private_api_token;
        std::string delivery_parameter;
        std::vector<std::string> allow_addresses;  // CIDRs
        std::vector<std::string> deny_addresses;   // CIDRs; they go before the allowed ones
        OfferId offer;
        std::string url_id;
        std::string dashboard_url;
    } network;
    struct Delivery {
        std::chrono::milliseconds inline_wait{0};
        std::chrono::milliseconds attempt_timeout{0};
        int concurrency = 0;                                    // calls at a time
        std::vector<std::chrono::milliseconds> retry_schedule;  // delay before attempt 1, 2, …
    } delivery;
    struct Limits {
        int forms_per_minute = 0;        // per client address; 0: off
        int forms_total_per_minute = 0;  // of all addresses; 0: off
        std::size_t connections = 10'000;
        std::size_t body_bytes = 0;
        std::size_t queue = 0;  // commands that may wait for the ledger
    } limits;
    struct Log {
        bool requests = false;    // a line a request
        int received_max_mb = 0;  // 0: off
        int attempts_max_mb = 0;
        std::chrono::milliseconds received_max_age{0};
        std::chrono::milliseconds attempts_max_age{0};
    } log;
    std::vector<Goal> goals;

    // Made-up data in a store that goes with the server: set by `barracuda demo` alone.
    bool demo = false;

    // Setting path ("server.listen", "goal") -> where its value came from, for people.
    std::map<std::string, std::string, std::less<>> sources;

    // Names in the environment that look like settings and are none: slips, mostly.
    std::vector<std::string> unknown;

    struct Retention {
        std::chrono::milliseconds contacts_max_age{0};              // 0: they stay
        std::chrono::milliseconds conversions_personal_max_age{0};  // the same
    } retention;

    const Goal* FindGoal(std::string_view id) const;  // nullptr: the settings name no such goal
    // The first goal of a type; there always is one for "registration" and "deposit".
    const Goal* GoalOfType(std::string_view type) const;
};

using Environment = std::map<std::string, std::string, std::less<>>;
using Flags = std::map<std::string, std::string, std::less<>>;  // setting path -> value

// The settings from all their sources; without `file` no TOML file is read.
Result<Config> Load(
    const std::optional<std::string>& file, const Environment& environment, const Flags& flags
);

// The process's own environment.
Environment ProcessEnvironment();

// For check-config: lines about valid goals and colours that are perhaps not meant so.
std::vector<std::string> WarningsOf(const Config& config);

// For check-config: a line a setting, `path = value  # source`; secrets are masked.
std::string Describe(const Config& config);

// For check-config --reference: a TOML file of all settings and goals with meaning, environment
// name and default, the last commented out.
std::string Reference();

}  // namespace barracuda::config
