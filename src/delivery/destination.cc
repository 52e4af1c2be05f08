#include "delivery/destination.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"

namespace barracuda::delivery {

namespace {

using std::chrono::milliseconds;

class IrevDestination final : public Destination {
public:
    explicit IrevDestination(std::shared_ptr<IrevApi> api) : api_(std::move(api)) {}

    void Send(
        const domain::Delivery& delivery,
        const Parameters& parameters,
        AttemptDone done,
        MaySend may_send
    ) override {
        api_->Send(delivery, parameters, std::move(done), std::move(may_send));
    }

private:
    const std::shared_ptr<IrevApi> api_;
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
    return std::make_shared<const net::AddressGuard>(
        GuardFor(network, options.allowed, options.denied)
    );
}

NetworkRules RulesFrom(const domain::Network& network, const DestinationOptions& options) {
    const auto& limits = network.limits;
    NetworkRules rules;
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

std::shared_ptr<Destination> MakeIrevDestination(net::Client& client, IrevSettings settings) {
    return std::make_shared<IrevDestination>(std::make_shared<IrevApi>(client, std::move(settings))
    );
}

std::vector<size_t> RangesOutside(
    const domain::Network& network, const std::vector<Cidr>& allowed
) {
    std::vector<size_t> outside;
    const auto& ranges = network.limits.allowed_addresses;
    for (size_t i = 0; i < ranges.size(); ++i) {
        const auto range = Cidr::Parse(ranges[i]);
        const bool inside = range && std::any_of(allowed.begin(), allowed.end(), [&](auto& wider) {
                                return wider.Contains(*range);
                            });
        if (!inside) outside.push_back(i);
    }
    return outside;
}

net::AddressGuard GuardFor(
    const domain::Network& network, const std::vector<Cidr>& allowed, std::vector<Cidr> denied
) {
    const auto& own = network.limits.allowed_addresses;
    std::vector<Cidr> ranges = allowed;
    if (!own.empty()) {
        // Checked when it was saved, but the settings may be others since.
        const auto outside = RangesOutside(network, allowed);
        ranges.clear();
        for (size_t i = 0; i < own.size(); ++i) {
            if (std::find(outside.begin(), outside.end(), i) != outside.end()) continue;
            ranges.push_back(*Cidr::Parse(own[i]));
        }
    }
    return net::AddressGuard(std::move(ranges), network.limits.ports, std::move(denied));
}

IrevSettings SettingsOf(
    const domain::Network& network, const NetworkSecrets& secrets, const DestinationOptions& options
) {
    const std::string first = secrets.values.empty() ? std::string() : secrets.values.front();
    IrevSettings settings;
    settings.delivery_parameter = network.delivery_parameter;
    settings.attempt_timeout = TimeoutOf(network, options.attempt_timeout);
    settings.guard = GuardOf(network, options);
    if (network.meta.rev > 0) settings.stored = network.name.value;
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

std::vector<QueueKey> QueuesOf(const domain::Network& network) {
    const QueueKey private_api{network.name, true};
    if (network.kind == domain::NetworkKind::kIrevPrivate) return {private_api};
    std::vector<QueueKey> queues;
    const bool by_template = network.kind == domain::NetworkKind::kTemplate;
    if (by_template || !network.base_url.empty()) queues.push_back({network.name});
    if (!network.private_api_url.empty()) queues.push_back(private_api);
    return queues;
}

Destinations::Destinations(net::Client& client, IrevApi& network, DestinationOptions options)
    : client_(client), default_(&network, [](IrevApi*) {}), options_(std::move(options)) {}

void Destinations::Use(const SnapshotPtr& snapshot) {
    std::map<NetworkName, std::shared_ptr<Destination>> by_name;
    std::map<NetworkName, NetworkRules> rules;
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
    MutexLock lock(mutex_);
    for (const auto& [name, stop] : snapshot->stops) {
        rules[name].stopped = stop.why;
        stopped_here_.erase(name);  // from now on the store says when it ends
    }
    for (const auto& [name, why] : stopped_here_) rules[name].stopped = why;
    snapshot_ = snapshot;
    by_name_.swap(by_name);
    rules_.swap(rules);
}

NetworkRules Destinations::RulesOf(const NetworkName& name) const {
    MutexLock lock(mutex_);
    auto at = rules_.find(name);
    if (at != rules_.end()) return at->second;
    return {.concurrency = options_.concurrency};
}

void Destinations::StopHere(const NetworkName& name, const std::string& why) {
    MutexLock lock(mutex_);
    stopped_here_.emplace(name, why);
    rules_[name].stopped = why;
}

void Destinations::ResumeHere(const NetworkName& name) {
    MutexLock lock(mutex_);
    stopped_here_.erase(name);
    if (auto at = rules_.find(name); at != rules_.end()) at->second.stopped.clear();
}

void Destinations::StopGone(ledger::Ledger& ledger, const NetworkName& name) {
    if (!RulesOf(name).stopped.empty()) return;  // a late answer of the same
    const Stop stop{name, "it answered 410 (gone)", options_.now()};
    StopHere(name, stop.why);
    if (options_.keep_stop) options_.keep_stop(ledger, stop);
}

void Destinations::ListPrivate(const Parameters& query, IrevApi::ListDone done) {
    default_->ListPrivateConversions(query, std::move(done));
}

void Destinations::StopKept(const NetworkName& name) {
    MutexLock lock(mutex_);
    stopped_here_.erase(name);
    const auto rules = rules_.find(name);
    if (!snapshot_ || rules == rules_.end()) return;
    const auto at = snapshot_->stops.find(name);
    rules->second.stopped = at == snapshot_->stops.end() ? std::string() : at->second.why;
}

std::shared_ptr<Destination> Destinations::Find(const NetworkName& name) const {
    MutexLock lock(mutex_);
    auto at = by_name_.find(name);
    return at == by_name_.end() ? nullptr : at->second;
}

void Destinations::Send(
    const domain::Delivery& delivery,
    const Parameters& parameters,
    AttemptDone done,
    MaySend may_send
) {
    if (auto destination = Find(delivery.network)) {
        return destination->Send(delivery, parameters, std::move(done), std::move(may_send));
    }
    // It was deleted since: the delivery waits for somebody to make it again, or to cancel it.
    auto why = fmt::format("there is no network \"{}\"", delivery.network.value);
    client_.Post([attempt = FailedAttempt(AttemptClass::kAlarm, std::move(why)),
                  done = std::move(done)] { done(attempt); });
}

Result<bool> Destinations::Try(
    const domain::Delivery& delivery, const Parameters& parameters, AttemptDone done
) {
    const std::string why = RulesOf(delivery.network).stopped;
    if (!why.empty()) return Fail(ErrorCode::kConflict, "the network is stopped: " + why);
    if (++tries_ > kTriesMax) {
        --tries_;
        return Fail(
            ErrorCode::kUnavailable, fmt::format("{} tests are under way already", kTriesMax)
        );
    }
    // Asked again right before the call goes out.
    auto may_send = [this, name = delivery.network] { return RulesOf(name).stopped.empty(); };
    auto ended = [this, done = std::move(done)](Attempt attempt) {
        BARRACUDA_CHECK(tries_ > 0);
        --tries_;
        done(std::move(attempt));
    };
    Send(delivery, parameters, std::move(ended), std::move(may_send));
    return true;
}

void Destinations::Complete(domain::Outcome& outcome, const NetworkName& network) const {
    auto found = Find(network);
    outcome.approves = !found || found->approves();
    MutexLock lock(mutex_);
    if (outcome.accepted && snapshot_) {
        outcome.deliveries = snapshot_->catalog->AsksFor(outcome.key.goal.value);
    }
}

}  // namespace barracuda::delivery
