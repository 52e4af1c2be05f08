// One life of a node: the program's own parts over a simulated disk or cluster and the simulated
// network, made, started and stopped as app/program.cc does it, with its own threads.
//
// Threads: Up and Down in a fiber of its life; the rest from any fiber of the simulation.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cluster.h"
#include "contacts/flow.h"
#include "delivery/catalog_store.h"
#include "delivery/destination.h"
#include "disk.h"
#include "mutants.h"
#include "network.h"
#include "nodes/membership.h"

namespace barracuda::sim {

// What is drawn once a seed, the same for every node and life.
struct Setting {
    size_t queue_max = 65'536, batch_max = 1'024, runs_max = 1'024;
    size_t attempts_max = 32, concurrency = 4, waiters_max = 64;
    int attempts = 8;  // until a delivery is dead
};

class Node {
public:
    Node(std::string name, Setting setting, Random random, Control control);
    ~Node();

    // Over what is left on the disk, or over the cluster. False: it could not join; the life is
    // over.
    bool Up(std::unique_ptr<store::Kv> disk);
    bool Up(Cluster& cluster);
    void Down();  // a clean stop

    bool serves() const { return serving_ && !life.dead && !life.ending; }
    // As a request does: on a thread of the node, which its stop waits for.
    void Visit(const std::function<void()>& work);
    ledger::Ledger& ledger();
    delivery::Dispatcher& dispatcher();
    contacts::FlowRunner& flows();
    // As the route does it; `done` when this node follows.
    void StopNetwork(std::function<void()> done);
    void ResumeNetwork(std::function<void()> done);
    ClusterView* view() { return view_; }

    Life life;

private:
    struct Parts;
    bool Start();
    delivery::DestinationOptions DestinationOptionsOf();
    delivery::CatalogOptions CatalogOptionsOf(Parts& parts);
    delivery::DispatcherOptions DispatcherOptionsOf(Parts& parts);
    contacts::FlowOptions FlowOptionsOf(Parts& parts);
    nodes::MembershipOptions MembershipOptionsOf();
    ledger::Hooks HooksOf(Parts& parts);
    std::function<double()> Jitter();

    const Setting setting_;
    Random random_;
    const Control control_;
    bool shared_ = false, serving_ = false;
    int guests_ = 0;
    std::unique_ptr<store::Engine> engine_;
    ClusterView* view_ = nullptr;
    std::unique_ptr<MutantEngine> mutant_;
    std::unique_ptr<Parts> parts_;
};

}  // namespace barracuda::sim
