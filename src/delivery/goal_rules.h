// Which goals count several times a click, as recorded in the store: one document in `settings`,
// the same for every node. docs/decisions/goal-switch.md has the protocol and its reasons.
//
// A goal goes from once to repeatable while nodes run: announced, acknowledged by every living
// node, then active; each of the two raises the epoch. From its acknowledgement to the activation a
// node refuses reports of the goal (503): so no two nodes ever record by different rules. The way
// back is refused at start.
//
//     GoalRules rules(engine, membership);
//     ledger hooks.refuse = [&](const auto& report) { return rules.Refuse(report); };
//     rules.Begin(ledger, configured, patience);   // after Membership::Join, before serving
//     membership's heartbeat thread … rules.Step() every heartbeat
//     auto rule = rules.Of("6");                   // per request; rule.epoch goes into the report
//
// Threads: Begin and Step from one thread at a time; Of and Refuse from any, without blocking.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "delivery/membership.h"
#include "domain/command.h"
#include "ledger/ledger.h"
#include "store/engine.h"

namespace barracuda::delivery {

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
    // For the ledger, right before it decides: the report's key was made by another rule, or a rule
    // is changing, or this node may not know the rule any more. All are 503: try again.
    std::optional<Error> Refuse(const domain::Report& report) const;

    GoalRecord record() const;
    // Living nodes that have not acknowledged the announcement, as of the last look.
    std::vector<std::string> Missing() const;

private:
    Result<bool> Read();
    Result<bool> Edit(std::function<bool(GoalRecord&)> change);
    void Acknowledge();
    void Activate();
    std::optional<Error> Fault(const std::vector<Configured>& goals) const;

    store::Engine& engine_;
    Membership& membership_;
    const bool alone_;
    ledger::Ledger* ledger_ = nullptr;

    mutable std::shared_mutex mutex_;
    GoalRecord record_;
    int64_t birth_ = -1;  // of this node, when it read the record (Membership::birth)
    std::vector<std::string> missing_;
};

}  // namespace barracuda::delivery
