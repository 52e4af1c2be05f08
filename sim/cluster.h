// A store that nodes share, as the program sees MongoDB through its engine: single-document writes,
// each judged by what it was decided on; inserts first. Failovers, lost answers, writes that land
// after everybody was told that they failed, and a node that talks to an old primary: it reads what
// stood there when it was cut off, and writes nothing.
//
// Reads at the primary show all that was told before (store/mongo/seen.h), and nothing that was
// told is taken back.
//
// Threads: the simulation's one. The cluster outlives its nodes' views.
#pragma once

#include <memory>

#include "control.h"
#include "oracle.h"
#include "store/forwarding_engine.h"
#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::sim {

class Cluster {
public:
    Cluster(Fibers& fibers, Random random, Trace& trace, Oracle& oracle, Control control);

    struct Mood {
        double slow = 0, failed = 0, unanswered = 0, lands_late = 0;  // of the calls and writes
    };
    void Be(const Mood& mood) { mood_ = mood; }
    void FailOver(Micros span);
    bool down() const { return fibers_.now() < down_until_; }
    store::KvEngine& engine() { return *engine_; }

private:
    friend class ClusterView;
    class Kept;  // the KvEngine's store
    enum class Fate { kAnswered, kUnanswered, kFailed, kLate };
    Fate Draw();
    store::WriteResult Write(const store::Write& write);
    std::shared_ptr<store::MemoryKv::Data> Copy() const;

    Fibers& fibers_;
    Random random_;
    Trace& trace_;
    Oracle& oracle_;
    const Control control_;
    Mood mood_;
    Micros down_until_ = 0;
    std::vector<Record> records_;
    std::shared_ptr<store::MemoryKv::Data> data_ = std::make_shared<store::MemoryKv::Data>();
    std::unique_ptr<store::KvEngine> engine_;
};

// The engine of one life of one node.
class ClusterView final : public store::Engine {
public:
    ClusterView(Cluster& cluster, const Life& life) : cluster_(cluster), life_(life) {}

    // Until then this node talks to a primary that has none: reads are old, or none at all.
    void CutOff(Micros until, bool reads);

    Result<std::vector<std::optional<std::string>>> Load(std::span<const store::Ref> refs) override;
    Result<std::vector<store::WriteResult>> Commit(std::span<const store::Write> writes) override;
    Result<store::Page> Scan(const store::ScanRequest& request) override;
    Result<std::vector<store::WorkItem>> Work(const store::WorkQuery& query) override;
    Result<std::vector<NodeId>> WorkOwners() override;
    Result<std::vector<store::RollupRow>> Rollup(store::Collection collection) override;
    Result<bool> Backup(const std::string&) override { return Fail(ErrorCode::kInvalid, "none"); }
    std::optional<std::string> Trouble() const override;
    Result<std::vector<std::string>> Verify(bool repair) override;
    bool InsertsFirst() const override { return true; }

private:
    bool cut_off() const { return cluster_.fibers_.now() < cut_off_until_; }
    // The store to be asked, after the way there; nullptr: none answers.
    store::Engine* Reach();
    void WayBack();
    template <typename Answer>
    Answer Ask(const std::function<Answer(store::Engine&)>& question);

    Cluster& cluster_;
    const Life& life_;
    Micros cut_off_until_ = 0;
    std::unique_ptr<store::KvEngine> old_;  // what an old primary shows
};

}  // namespace barracuda::sim
