// Network: the affiliate network's two APIs (contract.md, "The network's API"). Each call here
// makes ONE attempt and tells how it ended; when to try again is retry.h's and the dispatcher's
// decision.
//
// Threads: the calls from any thread; `done` runs exactly once, always inside net::Client::Step(),
// also where no call is made (a missing setting, an unusable id). The Network may be destroyed
// while attempts are under way; the client may not. Time: `attempt_timeout` bounds the whole
// attempt, with its redirects or its look-up.
//
// Parameters carry the contract's names and plain values; they are encoded here, once. Empty values
// are left out. Every call carries the header `Barracuda-Delivery: <delivery_id>`.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "delivery/attempt_record.h"
#include "delivery/retry.h"
#include "domain/conversion.h"
#include "net/client.h"

namespace barracuda::delivery {

using domain::Parameters;

struct NetworkSettings {
    std::string base_url{};            // public API, e.g. https://network.example/api/v3
    std::string hash{};                // for goals whose click has no hash of its own
    std::string private_api_url{};     // e.g. https://network.example/backend/open-api/v1
    std::string private_api_token{};   // sent as a bearer token, never logged
    std::string delivery_parameter{};  // query parameter that repeats the delivery id; empty = none
    std::chrono::milliseconds attempt_timeout{8'000};
    std::shared_ptr<const net::AddressGuard> guard{};  // null: the client's
    // Of a network that is stored: its name, for what it lacks is not in the settings' [network].
    std::string stored{};
    std::string secret_trouble{};  // why a secret that is named is missing; empty: none is
};

// What no log and no answer may hold.
inline std::vector<std::string> SecretsOf(const NetworkSettings& settings) {
    return {settings.hash, settings.private_api_token};
}

struct Attempt {
    static constexpr size_t kResponseBytesMax = 1024;
    int status = 0;  // of the last reply; 0: none came
    bool accepted = false;
    AttemptClass cls = AttemptClass::kRetry;
    bool refused_address = false;  // the guard let nothing out
    std::string retry_after{};     // the last reply's header as sent, see ParseRetryAfter
    std::string response{};        // the last reply's body: kResponseBytesMax, valid UTF-8
    std::string error{};           // empty when accepted; holds no token
    bool withheld = false;         // MaySend said no: this was no attempt
    Parameters result{};           // see each call
    CallTrace call{};              // for the log of attempts
};

// The reply's part of a trace; what is kept of its body is without `secrets`.
void NoteReply(
    CallTrace& trace, const net::HttpReply& reply, const std::vector<std::string>& secrets
);

// What a reply means, by retry.h; the response cut to what a delivery keeps, without `secrets`.
Attempt AttemptOf(const net::HttpReply& reply, const std::vector<std::string>& secrets);

class Creations;

class Network {
public:
    using Done = std::function<void(Attempt)>;
    using ListDone = std::function<void(Result<std::string>)>;
    // Asked inside net::Client::Step(), right before each request of an attempt; empty: always.
    using MaySend = std::function<bool()>;

    // `client` must outlive every attempt.
    Network(net::Client& client, NetworkSettings settings);

    // Attempts begun from now on follow `settings`.
    void Use(NetworkSettings settings);

    // An attempt of this delivery, by its kind: one of the two below.
    void Send(
        const domain::Delivery& delivery, const Parameters& parameters, Done done, MaySend may_send
    );

    // GET {base}/goal/{goal_id}?hash=...; `goal_id` is the path, everything else the query. `hash`
    // is the parameter's when it has one, else the setting's.
    void GoalPostback(
        std::string_view delivery_id, const Parameters& parameters, Done done, MaySend may_send = {}
    );

    // GET {base}/offer/{offer_id}?...&unique=1, then at most 5 redirects, until a Location carries
    // `sub1` or `sub` (that address is not called). Result: hash, click_id, tracking_link (the
    // offer URL called), clicked_url (the final URL).
    void AcquireClick(
        std::string_view delivery_id, const Parameters& parameters, Done done, MaySend may_send = {}
    );

    // Looks the conversion up by hash and goal_type_id; creates it when it is not there, together
    // with others that wait for the same (creations.h). Result:
    // `id` (the network's) where it tells one, and `found` = "1" when it was there before.
    void PrivateConversion(
        std::string_view delivery_id, const Parameters& parameters, Done done, MaySend may_send = {}
    );

    // GET users/conversions?<query>: the raw JSON body of a 2xx reply, at most 4 MiB.
    void ListPrivateConversions(const Parameters& query, ListDone done);

private:
    std::shared_ptr<const NetworkSettings> settings() const;

    net::Client& client_;
    const std::shared_ptr<Creations> creations_;
    mutable std::mutex mutex_;
    std::shared_ptr<const NetworkSettings> settings_;  // under mutex_
};

}  // namespace barracuda::delivery
