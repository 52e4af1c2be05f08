// What this process has in common with the other nodes on its store: who lives, the goal rules, and
// what is held in memory of shared documents. With RocksDB it is alone, and all of it stands still.
//
// Threads: the app's; what routes and the ledger ask of the parts is theirs.
#pragma once

#include "api/admin_auth.h"
#include "api/key_ring.h"
#include "api/shared_state.h"
#include "config/config.h"
#include "delivery/goal_rules.h"
#include "delivery/membership.h"

namespace barracuda::app {

class Nodes {
public:
    Nodes(store::Engine& engine, const config::Config& config);

    // Before anything is owned or served. Errors: the store's; kInvalid when a goal is configured
    // to count once that this store records as repeatable.
    Result<bool> Join(ledger::Ledger& ledger);
    void Start(api::KeyRing& keys, api::AdminAuth& admin);
    void StopReading() { shared_.Stop(); }  // before what it reads into goes
    void Leave() { membership_.Leave(); }   // when nothing of this process sends any more

    delivery::Membership& membership() { return membership_; }
    delivery::GoalRules& goals() { return goals_; }
    api::SharedState* shared() { return alone_ ? nullptr : &shared_; }
    bool alone() const { return alone_; }

private:
    store::Engine& engine_;
    const config::Config& config_;
    const bool alone_;
    delivery::Membership membership_;
    delivery::GoalRules goals_;
    api::SharedState shared_;
};

}  // namespace barracuda::app
