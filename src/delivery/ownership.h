// Whose deliveries and flows a node may work on. A document with something owed names its owner,
// the boot id of one process; nobody else sends for it while that process lives.
//
//     for (owner : Owners())  poll the owner's work; what is MayTake(owner) is taken over first,
//                             by `rev` (domain::TakeOver), so that exactly one node gets it
//     MaySend(owner)          asked right before every attempt, and again before its first byte
//
// Threads: every method from any thread; none blocks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace barracuda::delivery {

class Ownership {
public:
    virtual ~Ownership() = default;
    // Whether a document of this owner may be sent for at this moment: it is this process, and its
    // last acknowledged heartbeat is fresh. After a pause (SIGSTOP, a suspended machine) this is
    // false until the store has confirmed that nobody declared this process dead meanwhile.
    virtual bool MaySend(std::string_view owner) const = 0;
    // Whether the owner is known to be dead and this process may take over from it.
    virtual bool MayTake(std::string_view owner) const = 0;
    // Whose work to look for, this process first; nullopt: everybody's.
    virtual std::optional<std::vector<std::string>> Owners() const = 0;
};

// One process alone on its store, as RocksDB's lock guarantees: whoever else owned something is an
// earlier boot, dead at open.
class SoleOwner final : public Ownership {
public:
    explicit SoleOwner(std::string node) : node_(std::move(node)) {}
    bool MaySend(std::string_view owner) const override { return owner == node_; }
    bool MayTake(std::string_view owner) const override { return owner != node_; }
    std::optional<std::vector<std::string>> Owners() const override { return std::nullopt; }

private:
    const std::string node_;
};

}  // namespace barracuda::delivery
