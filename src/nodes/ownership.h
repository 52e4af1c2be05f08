// Ownership: the deliveries and flows that a node may work on. A document with something owed names
// its owner, the boot id of one process; no other process sends for it while that one lives.
//
//     for (owner : Owners())  poll the owner's work; what is MayTake(owner) is taken over first,
//                             by `rev` (domain::TakeOver), so that exactly one node gets it
//     MaySend(owner)          asked right before every attempt, and again before its first byte
//
// Threads: every method from any thread; none blocks.
#pragma once

#include <optional>
#include <vector>

#include "base/strong_id.h"

namespace barracuda::nodes {

class Ownership {
public:
    virtual ~Ownership() = default;
    // Whether a document of this owner may be sent for at this moment: the owner is this process,
    // and its last acknowledged heartbeat is fresh. After a pause (SIGSTOP, a suspended machine)
    // false until the store has confirmed that no node declared this process dead meanwhile.
    virtual bool MaySend(const NodeId& owner) const = 0;
    // Whether the owner is known to be dead and this process may take over from it.
    virtual bool MayTake(const NodeId& owner) const = 0;
    // The owners whose work to look for, this process first; nullopt: all.
    virtual std::optional<std::vector<NodeId>> Owners() const = 0;
};

// One process alone on its store, as RocksDB's lock guarantees: whoever else owned something is an
// earlier boot, dead at open.
class SoleOwner final : public Ownership {
public:
    explicit SoleOwner(NodeId node) : node_(std::move(node)) {}
    bool MaySend(const NodeId& owner) const override { return owner == node_; }
    bool MayTake(const NodeId& owner) const override { return owner != node_; }
    std::optional<std::vector<NodeId>> Owners() const override { return std::nullopt; }

private:
    const NodeId node_;
};

}  // namespace barracuda::nodes
