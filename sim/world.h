// One run: nodes over a disk or a cluster, a network, clients and operators who say the same things
// again until they are answered, and everything that goes wrong, all from one seed. Then the faults
// end, and everything that is owed must arrive.
//
// Threads: one.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "node.h"

namespace barracuda::sim {

struct Ending {
    std::string broken;  // the first promise that was; empty: none
    uint64_t hash = 0;   // of all that happened
    uint64_t switches = 0;
    Micros simulated = 0;
    Oracle::Counts counts;
};

class World {
public:
    World(uint64_t seed, Control control, bool tell);
    ~World();
    Ending Run();
    const Trace& trace() const { return trace_; }

private:
    // A node's place: its disk outlives its lives.
    struct Slot {
        std::string name;
        std::unique_ptr<Disk> disk;  // null: over the cluster
        std::shared_ptr<store::MemoryKv::Data> data;
        std::vector<std::unique_ptr<Node>> lives;  // the last is the present one
        bool up = false;
        bool power_cut = false;  // how the last life ended
        Node* node() { return lives.empty() ? nullptr : lives.back().get(); }
    };
    struct Asked;

    void Story();
    void Boot(Slot& slot);
    void End(Slot& slot);
    void Stop(Slot& slot);

    // clients.cc
    void Client(int number);
    void Form(int number);
    domain::Report DrawReport();
    void Say(domain::Report report);
    void Operate();
    bool Submit(domain::Command command, bool report);
    Node* Pick();

    // nemesis.cc
    void Misfortune();
    void Strike(Slot& slot);
    void NewMood();
    void StopOrResume();
    void Resume();
    void Heal();

    bool Rests();
    void ReplayDead();
    void CheckSums(const char* when);
    void CheckAtRest();

    const Control control_;
    Trace trace_;
    Random random_;
    Fibers fibers_;
    Oracle oracle_;
    Network network_;
    Setting setting_;
    std::unique_ptr<Cluster> cluster_;
    std::vector<Slot> slots_;
    int clients_ = 0;  // that have not been told everything yet
    uint64_t resumes_ = 0;
    bool over_ = false;
    Micros calm_from_ = 0;
};

}  // namespace barracuda::sim
