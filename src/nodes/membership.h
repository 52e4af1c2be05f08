// Membership: this process among the nodes on one store (docs/operating/nodes.md).
//
// A process is known by its boot id, new at every start, and one document in `nodes`:
//     alive  its `beat` goes up every 2 s
//     dead   another node saw the beat unchanged for 15 s on its own clock, and wrote so
//     left   it stopped cleanly: what it owns is free at once
// Death is a write on the same document as the heartbeat, so exactly one of the two wins: whoever
// finds itself declared dead goes on under a new boot id, and takes its own documents over like
// anybody else. No two machines' clocks are ever compared.
//
// A process whose last acknowledged heartbeat is older than 10 s is fenced: it sends nothing until
// one is acknowledged. Ages are taken from a clock that also counts while the machine sleeps.
//
//     Membership membership(engine, options);
//     ledger::Ledger ledger(engine, {.node = membership.node()}, hooks);
//     membership.Join(ledger);   // before anything is owned
//     membership.Start();        // two threads: one beats, one looks
//     …                          // stop whatever sends, then
//     membership.Leave();        // before the ledger stops
//
// Lives longer than the ledger, whose answers reach it; without Leave it only stops its threads.
// The thread that beats waits for nothing: neither for the store nor for what is done beside.
// Threads: Step from one, before Start; the rest from any. MaySend and MayTake do not block.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>

#include "base/repeater.h"
#include "base/thread_safety.h"
#include "base/time.h"
#include "ledger/ledger.h"
#include "nodes/node_document.h"
#include "nodes/ownership.h"
#include "store/engine.h"

namespace barracuda::nodes {

// The time since the machine's boot: never goes back, and counts time asleep.
std::chrono::milliseconds BootClock();

// Sixteen random hex digits.
NodeId NewBootId();

struct MembershipOptions {
    // The store admits one process (RocksDB's lock): every other boot is dead at open, no node
    // watches this one, and it is never fenced.
    bool alone = false;
    std::chrono::milliseconds heartbeat{2'000};
    std::chrono::milliseconds fence_after{10'000};
    std::chrono::milliseconds dead_after{15'000};
    std::chrono::milliseconds forget_after{600'000};  // a dead node's document with nothing owned
    std::string host, version;                        // for the operator
    int64_t pid = 0;
    std::function<Time()> now = Time::Now;  // for the operator as well: compared with nothing
    std::function<std::chrono::milliseconds()> clock = BootClock;
    std::function<NodeId()> new_boot_id = NewBootId;
};

class Membership final : public Ownership {
public:
    Membership(store::Engine& engine, MembershipOptions options);
    ~Membership() override;

    // Writes this node's document and looks at the others once. Errors: the ledger's; kUnavailable
    // when the store does not answer within 20 s.
    Result<bool> Join(ledger::Ledger& ledger);
    // `beside`: more to do after every look, on its thread, where it may wait (goal_rules.h).
    void Start(std::function<void()> beside = {});
    bool Step();  // a heartbeat and a look at the others, when due; whether it was
    // `certain`: no write of this process may still land. Else it leaves in silence, and the others
    // wait until they know it dead.
    void Leave(bool certain = true);

    bool MaySend(const NodeId& owner) const override;
    bool MayTake(const NodeId& owner) const override;
    std::optional<std::vector<NodeId>> Owners() const override;

    // Whether a node works no more, as of the last look: dead, left, or forgotten; one that was
    // born since is not known yet. For documents without `owner`, such as replay jobs: of the
    // others MayTake tells.
    bool IsGone(const NodeId& node) const;

    NodeId node() const;  // changes when this process was declared dead
    // Why this node sends nothing; nullopt: it is not fenced.
    std::optional<std::string> Fenced() const;

    // How often this process was born: what was read before another birth may be outdated.
    int64_t birth() const;
    // Not fenced, and still in this birth.
    bool MayDecide(int64_t birth) const;

    // The clock by which this process measures how long another node is silent.
    std::chrono::milliseconds Clock() const { return options_.clock(); }

    // Written with every heartbeat from now on: the goal rule this node works by (goal_rules.h).
    void AcknowledgeGoals(int64_t epoch);

    struct Status {
        NodeId node;
        int64_t alive = 0;     // this one included
        int64_t dead = 0;      // whose documents are not forgotten yet
        int64_t rebirths = 0;  // times this process was declared dead
        int64_t takeable = 0;  // owners with work that is free to take
        std::chrono::milliseconds heartbeat_age{0};
        bool fenced = false;
    };
    Status status() const;
    // As of the last look; empty while it is older than the fence allows.
    std::vector<NodeDocument> Nodes() const;

private:
    using Millis = std::chrono::milliseconds;
    struct Watched {
        int64_t beat = 0;  // -1: it owns something but has no document
        Millis since{0};   // this process's clock
    };

    bool FencedAt(Millis now) const REQUIRES(mutex_);
    bool BeatIfDue();
    bool LookIfDue();
    void Beat(Millis now);
    void BeBorn(Millis now);
    ledger::EditFunction Birth(const NodeId& id) const REQUIRES(mutex_);
    void Look(Millis now);
    void Judge(const NodeDocument& node, Millis now);
    void Forget(const NodeId& id);
    bool Unchanged(const NodeId& id, int64_t beat, Millis now, Millis patience);

    store::Engine& engine_;
    const MembershipOptions options_;
    ledger::Ledger* ledger_ = nullptr;

    mutable Mutex mutex_;
    NodeId node_ GUARDED_BY(mutex_);
    // When the last acknowledged heartbeat was handed out.
    Millis acknowledged_ GUARDED_BY(mutex_) = Millis{0};
    bool joined_ GUARDED_BY(mutex_) = false;
    bool pending_ GUARDED_BY(mutex_) = false;  // a heartbeat or a birth is under way
    bool declared_dead_ GUARDED_BY(mutex_) = false;
    int64_t goal_epoch_ GUARDED_BY(mutex_) = 0;
    int64_t births_ GUARDED_BY(mutex_) = 1;
    std::set<NodeId> takeable_ GUARDED_BY(mutex_);
    std::vector<NodeDocument> nodes_ GUARDED_BY(mutex_);

    Millis next_beat_{0}, next_birth_{0};  // the beating thread's alone
    // The looking thread's alone.
    Millis next_look_{0};
    std::map<NodeId, Watched> watched_;

    Repeater heart_, eyes_;  // last: they use everything above
};

}  // namespace barracuda::nodes
