// A disk that lies, and the key-value store on it: batches reach the system's memory, then the
// disk, and only those that were synced survive a power cut; of the others some of the first, none
// of what comes after a hole. Syncs are slow, or fail.
//
// Threads: the simulation's one. A Disk outlives the lives of its node.
#pragma once

#include <memory>

#include "control.h"
#include "oracle.h"
#include "store/memory/memory_kv.h"

namespace barracuda::sim {

class Disk {
public:
    Disk(Fibers& fibers, Random random, Trace& trace, Oracle& oracle, Control control)
        : fibers_(fibers), random_(random), trace_(trace), oracle_(oracle), control_(control) {}

    struct Mood {
        double slow = 0, failing = 0;  // of the syncs
    };
    void Be(const Mood& mood) { mood_ = mood; }

    // Writes a batch and syncs; false: the sync failed, and nobody knows. A killed process never
    // comes back from here.
    bool Write(std::span<const store::KvChange> changes);
    // The node is down; it comes up again with what is left: everything that was written after a
    // kill, else what was synced and perhaps some more.
    std::shared_ptr<store::MemoryKv::Data> Restart(bool power_cut);

private:
    void Told(size_t index);

    Fibers& fibers_;
    Random random_;
    Trace& trace_;
    Oracle& oracle_;
    const Control control_;
    Mood mood_;
    std::vector<Record> records_;
    size_t synced_ = 0;  // of them, the first
    size_t told_ = 0;    // of them, the first: the store said that they are durable
};

// The store over it, of one life.
class DiskKv final : public store::MemoryKv {
public:
    DiskKv(Disk& disk, std::shared_ptr<store::MemoryKv::Data> data)
        : MemoryKv(std::move(data)), disk_(disk) {}

    Result<bool> Apply(std::span<const store::KvChange> changes) override {
        if (!disk_.Write(changes)) return Fail(ErrorCode::kUnavailable, "a sync failed");
        return MemoryKv::Apply(changes);
    }

private:
    Disk& disk_;
};

}  // namespace barracuda::sim
