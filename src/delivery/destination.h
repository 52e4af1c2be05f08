// Destination: how one attempt at one network is made. Which network a delivery names, and what it
// is, comes from the catalog; when an attempt is made is the dispatcher's.
//
// Threads: as Network's (network.h): the calls from any thread, `done` exactly once, always inside
// net::Client::Step().
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "delivery/catalog_store.h"
#include "delivery/destination_queues.h"
#include "delivery/network.h"

namespace barracuda::delivery {

class Destination {
public:
    virtual ~Destination() = default;

    // Makes one attempt of `delivery` with `parameters` (its frozen ones, or what ParametersOf read
    // from the document).
    virtual void Send(
        const domain::Delivery& delivery,
        const Parameters& parameters,
        Network::Done done,
        Network::MaySend may_send
    ) = 0;
    // Whether its acceptance is a network's yes to a pending conversion. A template's is not: who
    // is told of something decides nothing.
    virtual bool approves() const { return true; }
};

struct TemplateSettings {
    domain::PostbackTemplate postback;
    NetworkSecrets secrets{};
    std::chrono::milliseconds attempt_timeout{8'000};
    std::function<Time()> now{};
    std::shared_ptr<const net::AddressGuard> guard{};  // null: the client's
};

// The kinds goal_postback and private_api, by contract.md.
std::shared_ptr<Destination> MakeIrevDestination(net::Client& client, NetworkSettings settings);
// The kinds postback and update, by a template. Redirects are not followed: a template names the
// address it means.
std::shared_ptr<Destination> MakeTemplateDestination(
    net::Client& client, TemplateSettings settings
);

// The values of a template's macros, read from the document.
Parameters TemplateParametersOf(
    const domain::Conversion& conversion, const domain::Delivery& delivery
);

// What holds for a network that does not say otherwise.
struct DestinationOptions {
    std::chrono::milliseconds attempt_timeout{8'000};
    size_t concurrency = 64;
    std::vector<Cidr> allowed{};  // the program's own; a network's ranges are added
    std::function<Time()> now = Time::Now;
};

// A template's 410 says that its address is gone. Of the networks of contract.md it is said of one
// click, too: there it takes this many in a row.
inline constexpr int kGoneInRowOfIrev = 100;

// All destinations of the catalog, by name.
class Destinations {
public:
    // `network` is the default one; it stays the same object over all snapshots, as the flows hold
    // it too, and outlives this.
    Destinations(net::Client& client, Network& network, DestinationOptions options);

    void Use(const SnapshotPtr& snapshot);

    // How attempts at it are paced and bounded, and whether it is stopped.
    DestinationRules RulesOf(const std::string& name) const;
    // This process stops sending at once; what keeps the stop is delivery/stop.h.
    void StopHere(const std::string& name, const std::string& why);
    void ResumeHere(const std::string& name);
    // The store has the stop, and the snapshot in use is younger: from here on it says when the
    // stop ends. It may have ended already, at another node.
    void StopKept(const std::string& name);

    // An attempt at a network that is no more ends with an alarm, and is tried again.
    void Send(
        const domain::Delivery& delivery,
        const Parameters& parameters,
        Network::Done done,
        Network::MaySend may_send = {}
    );
    // What the catalog knows of the conversion whose outcome is about to be recorded.
    void Complete(domain::Outcome& outcome, const std::string& destination) const;

private:
    std::shared_ptr<Destination> Find(const std::string& name) const;

    net::Client& client_;
    const std::shared_ptr<Network> default_;
    const DestinationOptions options_;
    mutable std::mutex mutex_;
    SnapshotPtr snapshot_;                                         // under mutex_
    std::map<std::string, std::shared_ptr<Destination>> by_name_;  // under mutex_
    std::map<std::string, DestinationRules> rules_;                // under mutex_
    // Not yet seen in a snapshot: name and reason. Under mutex_.
    std::map<std::string, std::string> stopped_here_;
};

// Where attempts at this network may go: its own ranges beside the program's, and only its ports.
net::AddressGuard GuardFor(const domain::Network& network, std::vector<Cidr> ranges);

// The default network's settings as the catalog has them.
NetworkSettings SettingsOf(
    const domain::Network& network, const NetworkSecrets& secrets, const DestinationOptions& options
);

}  // namespace barracuda::delivery
