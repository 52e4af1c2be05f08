// The seams at which the negative controls break a promise (control.h): an engine, an ownership and
// senders that pass everything on, but for what the control of this run spoils.
//
// Threads: as what they pass on to.
#pragma once

#include "control.h"
#include "delivery/senders.h"
#include "nodes/ownership.h"
#include "random.h"
#include "store/forwarding_engine.h"

namespace barracuda::sim {

class MutantEngine final : public store::ForwardingEngine {
public:
    MutantEngine(store::Engine& to, Control control, Random random)
        : ForwardingEngine(to), to_(to), control_(control), random_(random) {}

    Result<std::vector<store::WriteResult>> Commit(std::span<const store::Write> writes) override;
    Result<std::vector<store::WorkItem>> Work(const store::WorkQuery& query) override;
    bool InsertsFirst() const override { return to_.InsertsFirst(); }

private:
    bool Drops(const store::Write& write);

    store::Engine& to_;
    const Control control_;
    Random random_;
};

class MutantOwnership final : public nodes::Ownership {
public:
    MutantOwnership(const nodes::Ownership& to, std::function<NodeId()> self, Control control)
        : to_(to), self_(std::move(self)), control_(control) {}

    bool MaySend(const NodeId& owner) const override {
        return control_ == Control::kNoFence ? owner == self_() : to_.MaySend(owner);
    }
    bool MayTake(const NodeId& owner) const override {
        return control_ == Control::kTakesFromLiving ? owner != self_() : to_.MayTake(owner);
    }
    std::optional<std::vector<NodeId>> Owners() const override {
        return control_ == Control::kTakesFromLiving ? std::nullopt : to_.Owners();
    }

private:
    const nodes::Ownership& to_;
    const std::function<NodeId()> self_;
    const Control control_;
};

class MutantSenders final : public delivery::Senders {
public:
    MutantSenders(delivery::Senders& to, Control control) : to_(to), control_(control) {}

    void Send(
        const domain::Delivery& delivery,
        const delivery::Parameters& parameters,
        delivery::AttemptDone done,
        delivery::MaySend may_send
    ) override;
    delivery::NetworkRules RulesOf(const NetworkName& network) const override;
    void Complete(domain::Outcome& outcome, const NetworkName& network) const override {
        to_.Complete(outcome, network);
    }
    void StopGone(ledger::Ledger& ledger, const NetworkName& network) override {
        to_.StopGone(ledger, network);
    }

private:
    delivery::Senders& to_;
    const Control control_;
    uint64_t sent_ = 0;
};

}  // namespace barracuda::sim
