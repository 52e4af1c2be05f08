#include "delivery/destination.h"

#include <fmt/format.h>

namespace barracuda::delivery {

namespace {

using std::chrono::milliseconds;

class IrevDestination final : public Destination {
public:
    explicit IrevDestination(std::shared_ptr<Network> network) : network_(std::move(network)) {}

    void Send(
        const domain::Delivery& delivery,
        const Parameters& parameters,
        Network::Done done,
        Network::MaySend may_send
    ) override {
        network_->Send(delivery, parameters, std::move(done), std::move(may_send));
    }

private:
    const std::shared_ptr<Network> network_;
};

milliseconds TimeoutOf(const domain::Network& network, milliseconds otherwise) {
    auto own = network.limits.attempt_timeout_ms;
    return own > 0 ? milliseconds(own) : otherwise;
}

// Null where the program's own guard says the same.
std::shared_ptr<const net::AddressGuard> GuardOf(
    const domain::Network& network, const DestinationOptions& options
) {
    const auto& limits = network.limits;
    if (limits.allowed_addresses.empty() && limits.ports.empty()) return nullptr;
    return std::make_shared<const net::AddressGuard>(GuardFor(network, options.allowed));
}

DestinationRules RulesFrom(const domain::Network& network, const DestinationOptions& options) {
    const auto& limits = network.limits;
    DestinationRules rules;
    rules.concurrency =
        limits.concurrency > 0 ? static_cast<size_t>(limits.concurrency) : options.concurrency;
    rules.rate_per_second = limits.rate_per_second;
    if (!limits.retry_ms.empty()) {
        std::vector<milliseconds> delays(limits.retry_ms.begin(), limits.retry_ms.end());
        rules.schedule = std::make_shared<const RetrySchedule>(std::move(delays));
    }
    if (network.kind != domain::NetworkKind::kTemplate) rules.gone_in_row_max = kGoneInRowOfIrev;
    return rules;
}

}  // namespace

std::shared_ptr<Destination> MakeIrevDestination(net::Client& client, NetworkSettings settings) {
    return std::make_shared<IrevDestination>(std::make_shared<Network>(client, std::move(settings))
    );
}

net::AddressGuard GuardFor(const domain::Network& network, std::vector<Cidr> ranges) {
    // Checked when it was saved; one that does not parse any more allows nothing.
    if (auto own = ParseRanges(network.limits.allowed_addresses)) {
        ranges.insert(ranges.end(), own->begin(), own->end());
    }
    return net::AddressGuard(std::move(ranges), network.limits.ports);
}

NetworkSettings SettingsOf(
    const domain::Network& network, const NetworkSecrets& secrets, const DestinationOptions& options
) {
    const std::string first = secrets.values.empty() ? std::string() : secrets.values.front();
    NetworkSettings settings;
    settings.delivery_parameter = network.delivery_parameter;
    settings.attempt_timeout = TimeoutOf(network, options.attempt_timeout);
    settings.guard = GuardOf(network, options);
    if (network.meta.rev > 0) settings.stored = network.name;
    settings.secret_trouble = secrets.trouble;
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

Destinations::Destinations(net::Client& client, Network& network, DestinationOptions options)
    : client_(client), default_(&network, [](Network*) {}), options_(std::move(options)) {}

void Destinations::Use(const SnapshotPtr& snapshot) {
    std::map<std::string, std::shared_ptr<Destination>> by_name;
    std::map<std::string, DestinationRules> rules;
    const auto& catalog = *snapshot->catalog;
    for (const auto& [name, network] : catalog.networks()) {
        const auto& secrets = snapshot->secrets.at(name);
        if (name == domain::kDefaultNetwork) {
            default_->Use(SettingsOf(network, secrets, options_));
            by_name[name] = std::make_shared<IrevDestination>(default_);
        } else if (const auto* postback = catalog.TemplateOf(name)) {
            TemplateSettings settings{*postback, secrets};
            settings.attempt_timeout = TimeoutOf(network, options_.attempt_timeout);
            settings.now = options_.now;
            settings.guard = GuardOf(network, options_);
            by_name[name] = MakeTemplateDestination(client_, std::move(settings));
        } else {
            by_name[name] = MakeIrevDestination(client_, SettingsOf(network, secrets, options_));
        }
        rules[name] = RulesFrom(network, options_);
    }
    std::lock_guard lock(mutex_);
    for (const auto& [name, stop] : snapshot->stops) {
        rules[name].stopped = stop.why;
        stopped_here_.erase(name);  // from now on the store says when it ends
    }
    for (const auto& [name, why] : stopped_here_) rules[name].stopped = why;
    snapshot_ = snapshot;
    by_name_.swap(by_name);
    rules_.swap(rules);
}

DestinationRules Destinations::RulesOf(const std::string& name) const {
    std::lock_guard lock(mutex_);
    auto at = rules_.find(name);
    if (at != rules_.end()) return at->second;
    return {.concurrency = options_.concurrency};
}

void Destinations::StopHere(const std::string& name, const std::string& why) {
    std::lock_guard lock(mutex_);
    stopped_here_.emplace(name, why);
    rules_[name].stopped = why;
}

void Destinations::ResumeHere(const std::string& name) {
    std::lock_guard lock(mutex_);
    stopped_here_.erase(name);
    if (auto at = rules_.find(name); at != rules_.end()) at->second.stopped.clear();
}

void Destinations::StopKept(const std::string& name) {
    std::lock_guard lock(mutex_);
    stopped_here_.erase(name);
    const auto rules = rules_.find(name);
    if (!snapshot_ || rules == rules_.end()) return;
    const auto at = snapshot_->stops.find(name);
    rules->second.stopped = at == snapshot_->stops.end() ? std::string() : at->second.why;
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
