// For tests: Senders of which every network is the one iREV API, with rules set by hand.
#pragma once

#include <map>
#include <utility>

#include "base/thread_safety.h"
#include "delivery/irev_api.h"
#include "delivery/senders.h"

namespace barracuda::delivery {

class OneNetwork final : public Senders {
public:
    explicit OneNetwork(IrevApi& api) : api_(api) {}

    void Send(
        const domain::Delivery& delivery,
        const Parameters& parameters,
        AttemptDone done,
        MaySend may_send
    ) override {
        api_.Send(delivery, parameters, std::move(done), std::move(may_send));
    }
    NetworkRules RulesOf(const NetworkName& network) const override {
        MutexLock lock(mutex_);
        const auto at = rules_.find(network);
        return at == rules_.end() ? NetworkRules{} : at->second;
    }
    void Complete(domain::Outcome&, const NetworkName&) const override {}
    void StopGone(ledger::Ledger&, const NetworkName& network) override {
        MutexLock lock(mutex_);
        rules_[network].stopped = "gone";
    }

    // Not while a thread of the dispatcher's runs.
    NetworkRules& operator[](const NetworkName& network) { return rules_[network]; }

private:
    IrevApi& api_;
    mutable Mutex mutex_;
    std::map<NetworkName, NetworkRules> rules_ GUARDED_BY(mutex_);
};

}  // namespace barracuda::delivery
