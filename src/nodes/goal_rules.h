// Which goals count several times a click, as recorded in the store: one document in `settings`,
// the same for every node. docs/decisions/goal-switch.md has the protocol and its reasons.
//
// A goal goes from once to repeatable while nodes run: announced, acknowledged by every living
// node, then active; each of the two raises the epoch. From its acknowledgement to the activation a
// node refuses reports of the goal (503): so no two nodes ever record by different rules. The way
// back is refused at start.
//
// A write that was given up (Unsure), or that a node sent just before it died, may still land. So a
// node acknowledges only kMayLand after its last unsure write of the goal, and whoever activates
// waits as long after it first saw a node dead that had not acknowledged.
//
//     GoalRules rules(engine, membership);
//     ledger hooks.refuse = [&](const auto& report) { return rules.Refuse(report); };
//     rules.Begin(ledger, configured, patience);   // after Membership::Join, before serving
//     membership's looking thread … rules.Step() after every look
//     auto rule = rules.Of("6");                   // per request; rule.epoch goes into the report
//
// Threads: Begin and Step from one thread at a time; the rest from any, without blocking.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/thread_safety.h"
#include "domain/command.h"
#include "ledger/ledger.h"
#include "nodes/membership.h"
#include "store/engine.h"

namespace barracuda::nodes {

// The document `goal_rules` in `settings`.
struct GoalRecord {
    int64_t epoch = 0;
    std::set<std::string> repeatable;
    std::set<std::string> announced;  // becoming repeatable
    int64_t rev = 0;

    bool operator==(const GoalRecord&) const = default;
};
std::string Encode(const GoalRecord& record);
GoalRecord DecodeGoalRecord(std::string_view bson);

class GoalRules {
public:
    GoalRules(store::Engine& engine, Membership& membership, bool alone)
        : engine_(engine), membership_(membership), alone_(alone) {}

    // How long a write may be on its way whose connection is closed: its bytes are sent again by
    // the system that sent them, and wait in the one that hangs.
    static constexpr std::chrono::milliseconds kMayLand{60'000};

    struct Configured {
        std::string goal;
        bool repeatable = false;
    };
    // Compares what this node is configured for with the record, announces what is to become
    // repeatable and waits until that is active. kInvalid: a goal would go back to once, naming it.
    // kUnavailable: the store failed, or `patience` was over, naming who has not acknowledged.
    Result<bool> Begin(
        ledger::Ledger& ledger,
        const std::vector<Configured>& goals,
        std::chrono::milliseconds patience
    );
    // Reads the record, acknowledges an announcement, activates what everybody acknowledged.
    void Step();

    struct Rule {
        int64_t epoch = 0;
        bool repeatable = false;
    };
    Rule Of(const std::string& goal) const;
    // For the ledger: the end of this document's first write is not known.
    void Unsure(const store::Ref& ref);
    // Whether an unsure write may still land.
    bool MayStillLand() const;
    // For the ledger, right before it decides: the report's key was made by another rule, or a rule
    // is changing, or this node may not know the rule any more. All are 503: try again.
    std::optional<Error> Refuse(const domain::Report& report) const;

    GoalRecord record() const;
    // Nodes that the activation waits for, as of the last look: living ones that have not
    // acknowledged, and those that died too short a while ago.
    std::vector<NodeId> Missing() const;

private:
    Result<bool> Read();
    Result<bool> Edit(std::function<bool(GoalRecord&)> change);
    void Acknowledge();
    void Activate();
    bool MayStillLand(const std::set<std::string>& goals) const;
    bool Missed(const NodeDocument& node, int64_t epoch);
    std::optional<Error> Fault(const std::vector<Configured>& goals) const;

    store::Engine& engine_;
    Membership& membership_;
    const bool alone_;
    ledger::Ledger* ledger_ = nullptr;

    mutable SharedMutex mutex_;
    GoalRecord record_ GUARDED_BY(mutex_);
    // Of this node, when it read the record (Membership::birth).
    int64_t birth_ GUARDED_BY(mutex_) = -1;
    std::vector<NodeId> missing_ GUARDED_BY(mutex_);
    // By goal: the last one.
    std::map<std::string, std::chrono::milliseconds> unsure_ GUARDED_BY(mutex_);

    // Step's alone: when a dead node was first seen that had not acknowledged.
    std::map<NodeId, std::chrono::milliseconds> died_;
};

}  // namespace barracuda::nodes
