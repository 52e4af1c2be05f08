// What goes wrong, and when it ends.
#include "world.h"

namespace barracuda::sim {

void World::NewMood() {
    const auto share = [this](double most) {
        return random_.Chance(0.5) ? 0 : random_.Unit() * most;
    };
    network_.Be({
        .refused = share(0.6),
        .lost = share(0.4),
        .unanswered = share(0.4),
        .cut = share(0.4),
        .twice = share(0.1),
        .late = share(0.5),
        .waits = share(0.4),
        .error = share(0.7),
        .final = share(0.3),
    });
    for (auto& slot : slots_) {
        if (slot.disk) slot.disk->Be({.slow = share(0.3), .failing = share(0.05)});
    }
    if (!cluster_) return;
    cluster_->Be({
        .slow = share(0.2),
        .failed = share(0.1),
        .unanswered = share(0.1),
        .lands_late = share(0.1),
    });
}

void World::Strike(Slot& slot) {
    Node* node = slot.node();
    const Micros now = fibers_.now();
    switch (random_.Below(cluster_ ? 7 : 4)) {
        case 0:
            return End(slot);
        case 1:
            return Stop(slot);
        case 2:
            node->life.paused_until = now + random_.Between(kMs, 25 * kSecond);
            return trace_.Note("{} is paused", node->life.name);
        case 3:
            node->life.wall_ahead = random_.Between(-20 * kSecond, 20 * kSecond);
            return trace_.Note("the clock of {} jumps", node->life.name);
        case 4:
            return cluster_->FailOver(random_.Between(10 * kMs, 20 * kSecond));
        default:
            if (node->view()) {
                const Micros until = now + random_.Between(100 * kMs, 25 * kSecond);
                node->view()->CutOff(until, random_.Chance(0.5));
            }
    }
}

void World::StopOrResume() {
    if (oracle_.stopped()) return Resume();
    Node* node = Pick();
    if (!node) return;
    trace_.Note("an operator stops the network at {}", node->life.name);
    node->Visit([this, node] {
        node->StopNetwork([this, node, resumes = resumes_] {
            if (resumes == resumes_) node->life.stops.insert(domain::kDefaultNetwork.value);
            trace_.Note("{} has stopped it", node->life.name);
        });
    });
}

void World::Resume() {
    Node* node = Pick();
    if (!node) return;
    // From here on any node may have heard of it.
    ++resumes_;
    for (auto& slot : slots_) {
        for (auto& life : slot.lives) life->life.stops.clear();
    }
    trace_.Note("an operator resumes the network at {}", node->life.name);
    node->Visit([this, node] { node->ResumeNetwork([] {}); });
}

void World::Misfortune() {
    while (fibers_.now() < calm_from_) {
        fibers_.Sleep(random_.Between(10 * kMs, 6 * kSecond));
        if (random_.Chance(0.4)) NewMood();
        if (random_.Chance(0.1)) StopOrResume();
        Slot& slot = slots_[random_.Below(slots_.size())];
        if (!slot.up) {
            Boot(slot);
        } else if (random_.Chance(0.4)) {
            Strike(slot);
        }
        CheckSums("under way");
    }
}

void World::Heal() {
    trace_.Note("the faults end");
    network_.Be({});
    if (cluster_) cluster_->Be({});
    // A store that refuses writes does so until a restart.
    for (auto& slot : slots_) {
        if (slot.disk) slot.disk->Be({});
        if (slot.disk && slot.up) End(slot);
        if (!slot.up) Boot(slot);
    }
}

}  // namespace barracuda::sim
