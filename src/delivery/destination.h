// Destination: how one attempt at one network is made. Which network a delivery names, and what it
// is, comes from the catalog; when an attempt is made is the dispatcher's.
//
// Threads: as IrevApi's (irev_api.h): the calls from any thread, `done` exactly once, always inside
// net::Client::Step().
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/thread_safety.h"
#include "delivery/catalog_store.h"
#include "delivery/irev_api.h"
#include "delivery/network_rules.h"
#include "delivery/queue_key.h"
#include "delivery/senders.h"

namespace barracuda::delivery {

class Destination {
public:
    virtual ~Destination() = default;

    // Makes one attempt of `delivery` with `parameters` (its frozen ones, or what ParametersOf read
    // from the document).
    virtual void Send(
        const domain::Delivery& delivery,
        const Parameters& parameters,
        AttemptDone done,
        MaySend may_send
    ) = 0;
    // Whether its acceptance approves a pending conversion. A template's does not: a receiver of
    // notifications decides nothing.
    virtual bool approves() const { return true; }
};

struct TemplateSettings {
    domain::PostbackTemplate postback;
    NetworkSecrets secrets{};
    std::chrono::milliseconds attempt_timeout{8'000};
    std::function<Time()> now{};
    std::shared_ptr<const net::AddressGuard> guard{};  // null: the client's
};

// Delivery kinds goal_postback and private_api (docs/network-api.md).
std::shared_ptr<Destination> MakeIrevDestination(net::Client& client, IrevSettings settings);
// Delivery kinds postback and update, by a template. Redirects are not followed: a template names
// the address it means.
std::shared_ptr<Destination> MakeTemplateDestination(
    net::Client& client, TemplateSettings settings
);

// The values of a template's macros, read from the document.
Parameters TemplateParametersOf(
    const domain::Conversion& conversion, const domain::Delivery& delivery
);

// The queues in which deliveries of a network may wait.
std::vector<QueueKey> QueuesOf(const domain::Network& network);

// The settings of networks that have none of their own.
struct DestinationOptions {
    std::chrono::milliseconds attempt_timeout{8'000};
    size_t concurrency = 64;
    std::vector<Cidr> allowed{};  // the settings': a network's own ranges narrow them
    std::vector<Cidr> denied{};   // the settings'
    std::function<Time()> now = Time::Now;
    // Keeps a stop that a network's answers asked for, and tells the operator; empty: it holds in
    // this process alone. On the dispatcher's thread: must be short.
    std::function<void(ledger::Ledger&, const Stop&)> keep_stop{};
};

// A template's 410 says that its address is gone. An iREV network also says it of one click: there
// it takes this many in a row to stop the network.
inline constexpr int kGoneInRowOfIrev = 100;

// All destinations of the catalog, by name.
class Destinations final : public Senders {
public:
    // `network` is the default one; it stays the same object over all snapshots, as the flows hold
    // it too, and outlives this.
    Destinations(net::Client& client, IrevApi& network, DestinationOptions options);

    // Attempts that begin from now on go by this snapshot.
    void Use(const SnapshotPtr& snapshot);

    NetworkRules RulesOf(const NetworkName& name) const override;
    // This process stops sending at once; what keeps the stop is delivery/stop.h.
    void StopHere(const NetworkName& name, const std::string& why);
    void ResumeHere(const NetworkName& name);
    // The store has the stop, and the snapshot in use is younger: from here on it says when the
    // stop ends. It may have ended already, at another node.
    void StopKept(const NetworkName& name);

    void Send(
        const domain::Delivery& delivery,
        const Parameters& parameters,
        AttemptDone done,
        MaySend may_send
    ) override;
    void StopGone(ledger::Ledger& ledger, const NetworkName& name) override;
    // One attempt for an operator to look at; nothing of it is recorded. It takes connections that
    // deliveries share: kUnavailable while kTriesMax are under way, kConflict where the network is
    // stopped, and `done` is not called then.
    static constexpr size_t kTriesMax = 4;
    Result<bool> Try(
        const domain::Delivery& delivery, const Parameters& parameters, AttemptDone done
    );
    void Complete(domain::Outcome& outcome, const NetworkName& network) const override;

    // The default network's list of private conversions (route 1's GET), as IrevApi's.
    void ListPrivate(const Parameters& query, IrevApi::ListDone done);

private:
    std::shared_ptr<Destination> Find(const NetworkName& name) const;

    net::Client& client_;
    const std::shared_ptr<IrevApi> default_;
    const DestinationOptions options_;
    std::atomic<size_t> tries_ = 0;
    mutable Mutex mutex_;
    SnapshotPtr snapshot_ GUARDED_BY(mutex_);
    std::map<NetworkName, std::shared_ptr<Destination>> by_name_ GUARDED_BY(mutex_);
    std::map<NetworkName, NetworkRules> rules_ GUARDED_BY(mutex_);
    // Not yet seen in a snapshot: name and reason.
    std::map<NetworkName, std::string> stopped_here_ GUARDED_BY(mutex_);
};

// The addresses that attempts at this network may reach: public ones and `allowed`, of these only
// its own ranges where it has some; none of `denied`; only its ports. So editing a network opens
// nothing that the settings have not.
net::AddressGuard GuardFor(
    const domain::Network& network, const std::vector<Cidr>& allowed, std::vector<Cidr> denied
);
// Which of its own ranges, by their place, lie outside of `allowed` and do not count.
std::vector<size_t> RangesOutside(const domain::Network& network, const std::vector<Cidr>& allowed);

// The default network's settings as the catalog has them.
IrevSettings SettingsOf(
    const domain::Network& network, const NetworkSecrets& secrets, const DestinationOptions& options
);

}  // namespace barracuda::delivery
