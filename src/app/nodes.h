// The parts that this process shares with the other nodes on its store: membership, goal rules, and
// documents held in memory. With RocksDB it is alone, and all of them stand still.
//
// Threads: the app's; what routes and the ledger ask of the parts is theirs.
#pragma once

#include "api/admin_session.h"
#include "auth/key_ring.h"
#include "auth/shared_state.h"
#include "config/config.h"
#include "nodes/goal_rules.h"
#include "nodes/membership.h"

namespace barracuda::app {

class Nodes {
public:
    // Reads nothing yet; both live longer.
    Nodes(store::Engine& engine, const config::Config& config);

    // Before anything is owned or served. Errors: the store's; kInvalid when a goal is configured
    // to count once that this store records as repeatable.
    Result<bool> Join(ledger::Ledger& ledger);
    void Start(auth::KeyRing& keys, auth::AdminAuth& admin);
    void StopReading() { shared_.Stop(); }  // before what it reads into goes
    // When nothing of this process sends any more.
    void Leave() { membership_.Leave(!goals_.MayStillLand()); }

    nodes::Membership& membership() { return membership_; }
    nodes::GoalRules& goals() { return goals_; }
    auth::SharedState* shared() { return alone_ ? nullptr : &shared_; }
    bool alone() const { return alone_; }

private:
    store::Engine& engine_;
    const config::Config& config_;
    const bool alone_;
    nodes::Membership membership_;
    nodes::GoalRules goals_;
    auth::SharedState shared_;
};

}  // namespace barracuda::app
