#include "delivery/destination.h"

#include <fmt/format.h>

namespace barracuda::delivery {

namespace {

using std::chrono::milliseconds;

constexpr const char* kPrivateKind = "private_api";

void SendBy(
    Network& network,
    const domain::Delivery& delivery,
    const Parameters& parameters,
    Network::Done done,
    Network::MaySend may_send
) {
    if (delivery.kind == kPrivateKind) {
        network.PrivateConversion(delivery.id, parameters, std::move(done), std::move(may_send));
    } else {
        network.GoalPostback(delivery.id, parameters, std::move(done), std::move(may_send));
    }
}

class IrevDestination final : public Destination {
public:
    IrevDestination(net::Client& client, NetworkSettings settings)
        : network_(client, std::move(settings)) {}

    void Send(
        const domain::Delivery& delivery,
        const Parameters& parameters,
        Network::Done done,
        Network::MaySend may_send
    ) override {
        SendBy(network_, delivery, parameters, std::move(done), std::move(may_send));
    }

private:
    Network network_;
};

// The default network, whose object the flows share.
class SharedDestination final : public Destination {
public:
    explicit SharedDestination(Network& network) : network_(network) {}

    void Send(
        const domain::Delivery& delivery,
        const Parameters& parameters,
        Network::Done done,
        Network::MaySend may_send
    ) override {
        SendBy(network_, delivery, parameters, std::move(done), std::move(may_send));
    }

private:
    Network& network_;
};

milliseconds TimeoutOf(const domain::Network& network, milliseconds otherwise) {
    auto own = network.limits.attempt_timeout_ms;
    return own > 0 ? milliseconds(own) : otherwise;
}

}  // namespace

std::shared_ptr<Destination> MakeIrevDestination(net::Client& client, NetworkSettings settings) {
    return std::make_shared<IrevDestination>(client, std::move(settings));
}

NetworkSettings SettingsOf(
    const domain::Network& network, const NetworkSecrets& secrets, milliseconds attempt_timeout
) {
    const std::string first = secrets.values.empty() ? std::string() : secrets.values.front();
    NetworkSettings settings;
    settings.delivery_parameter = network.delivery_parameter;
    settings.attempt_timeout = TimeoutOf(network, attempt_timeout);
    if (network.kind == domain::NetworkKind::kIrevPrivate) {
        settings.private_api_url = network.base_url;
        settings.private_api_token = first;
    } else {
        settings.base_url = network.base_url;
        settings.hash = first;
        settings.private_api_url = network.private_api_url;
        settings.private_api_token = secrets.private_token;
    }
    return settings;
}

Destinations::Destinations(
    net::Client& client, Network& network, milliseconds attempt_timeout, std::function<Time()> now
)
    : client_(client), network_(network), attempt_timeout_(attempt_timeout), now_(std::move(now)) {}

void Destinations::Use(const SnapshotPtr& snapshot) {
    std::map<std::string, std::shared_ptr<Destination>> by_name;
    const auto& catalog = *snapshot->catalog;
    for (const auto& [name, network] : catalog.networks()) {
        const auto& secrets = snapshot->secrets.at(name);
        if (name == domain::kDefaultNetwork) {
            network_.Use(SettingsOf(network, secrets, attempt_timeout_));
            by_name[name] = std::make_shared<SharedDestination>(network_);
        } else if (const auto* postback = catalog.TemplateOf(name)) {
            by_name[name] = MakeTemplateDestination(
                client_, {*postback, secrets, TimeoutOf(network, attempt_timeout_), now_}
            );
        } else {
            by_name[name] =
                MakeIrevDestination(client_, SettingsOf(network, secrets, attempt_timeout_));
        }
    }
    std::lock_guard lock(mutex_);
    snapshot_ = snapshot;
    by_name_.swap(by_name);
}

std::shared_ptr<Destination> Destinations::Find(const std::string& name) const {
    std::lock_guard lock(mutex_);
    auto at = by_name_.find(name);
    return at == by_name_.end() ? nullptr : at->second;
}

void Destinations::Send(
    const domain::Delivery& delivery,
    const Parameters& parameters,
    Network::Done done,
    Network::MaySend may_send
) {
    if (auto destination = Find(delivery.destination)) {
        return destination->Send(delivery, parameters, std::move(done), std::move(may_send));
    }
    Attempt attempt;
    attempt.cls = AttemptClass::kAlarm;
    attempt.error = fmt::format("there is no network \"{}\"", delivery.destination);
    client_.Post([attempt, done = std::move(done)] { done(attempt); });
}

void Destinations::Complete(domain::Outcome& outcome, const std::string& destination) const {
    auto found = Find(destination);
    outcome.approves = !found || found->approves();
    std::lock_guard lock(mutex_);
    if (outcome.accepted && snapshot_) {
        outcome.deliveries = snapshot_->catalog->AsksFor(outcome.key.goal.value);
    }
}

}  // namespace barracuda::delivery
