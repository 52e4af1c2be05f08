#include "cluster.h"

#include "base/check.h"

namespace barracuda::sim {

using store::Write;
using store::WriteResult;
using store::WriteState;

// Every batch of it is durable at once, and known to the oracle.
class Cluster::Kept final : public store::Kv {
public:
    explicit Kept(Cluster& cluster) : cluster_(cluster), memory_(cluster.data_) {}
    Result<std::vector<std::optional<std::string>>> MultiGet(
        store::Space space, std::span<const std::string> keys
    ) override {
        return memory_.MultiGet(space, keys);
    }
    Result<bool> Apply(std::span<const store::KvChange> changes) override {
        cluster_.records_.emplace_back(changes.begin(), changes.end());
        cluster_.oracle_.Applied(changes);
        return memory_.Apply(changes);
    }
    std::unique_ptr<store::KvIterator> Iterate(store::Space space) override {
        return memory_.Iterate(space);
    }
    std::unique_ptr<store::KvSnapshot> Snapshot() override { return memory_.Snapshot(); }
    Result<bool> Backup(const std::string& to) override { return memory_.Backup(to); }

private:
    Cluster& cluster_;
    store::MemoryKv memory_;
};

Cluster::Cluster(Fibers& fibers, Random random, Trace& trace, Oracle& oracle, Control control)
    : fibers_(fibers), random_(random), trace_(trace), oracle_(oracle), control_(control) {
    auto opened = store::KvEngine::Open(std::make_unique<Kept>(*this));
    BARRACUDA_CHECK(opened.has_value());
    engine_ = std::move(*opened);
}

void Cluster::FailOver(Micros span) {
    trace_.Note("failover, {} ms without a primary", span / kMs);
    down_until_ = fibers_.now() + span;
    if (control_ != Control::kRollback || records_.size() < 4) return;
    // The new primary has not got the last of what the old one had told.
    records_.resize(records_.size() - random_.Below(4));
    Fibers::Whole whole;
    store::MemoryKv memory(data_);
    {
        MutexLock lock(data_->mutex);
        data_->spaces.clear();
    }
    for (const auto& record : records_) (void)memory.Apply(record).has_value();
    oracle_.Survived(records_);
}

Cluster::Fate Cluster::Draw() {
    if (random_.Chance(mood_.failed)) return Fate::kFailed;
    if (random_.Chance(mood_.unanswered)) return Fate::kUnanswered;
    return random_.Chance(mood_.lands_late) ? Fate::kLate : Fate::kAnswered;
}

WriteResult Cluster::Write(const store::Write& write) {
    Fibers::Whole whole;
    store::Write now = write;
    if (control_ == Control::kLostUpdate && now.before) {
        auto stored = engine_->Load(std::span(&now.ref, 1));
        if (stored && stored->front()) now.before = stored->front();
    }
    auto result = engine_->Commit(std::span(&now, 1));
    BARRACUDA_CHECK(result.has_value());  // it is in memory
    return result->front();
}

std::shared_ptr<store::MemoryKv::Data> Cluster::Copy() const {
    auto copy = std::make_shared<store::MemoryKv::Data>();
    MutexLock lock(data_->mutex);
    MutexLock other(copy->mutex);
    for (const auto& [space, map] : data_->spaces) {
        copy->spaces[space] = std::make_shared<store::MemoryKv::Map>(*map);
    }
    return copy;
}

void ClusterView::CutOff(Micros until, bool reads) {
    Fibers::Whole whole;
    cluster_.trace_.Note(
        "{} is cut off for {} ms", life_.name, (until - cluster_.fibers_.now()) / kMs
    );
    cut_off_until_ = until;
    old_.reset();
    if (!reads) return;
    old_ = store::KvEngine::OpenToRead(std::make_unique<store::MemoryKv>(cluster_.Copy()));
}

store::Engine* ClusterView::Reach() {
    auto& fibers = cluster_.fibers_;
    auto& random = cluster_.random_;
    const bool slow = random.Chance(cluster_.mood_.slow);
    fibers.Sleep(slow ? random.Between(20 * kMs, 2 * kSecond) : random.Between(100, 2 * kMs));
    if (cut_off()) {
        if (!old_) fibers.Sleep(random.Between(kMs, 2 * kSecond));
        return cut_off() ? old_.get() : cluster_.engine_.get();
    }
    if (cluster_.down()) fibers.Sleep(random.Between(kMs, 2 * kSecond));
    if (cluster_.down()) return nullptr;
    return cut_off() ? old_.get() : cluster_.engine_.get();
}

void ClusterView::WayBack() { cluster_.fibers_.Sleep(cluster_.random_.Between(50, kMs)); }

template <typename Answer>
Answer ClusterView::Ask(const std::function<Answer(store::Engine&)>& question) {
    store::Engine* engine = Reach();
    if (!engine) return Fail(ErrorCode::kUnavailable, "no primary answers");
    auto answer = [&] {
        Fibers::Whole whole;
        return question(*engine);
    }();
    WayBack();
    return answer;
}

Result<std::vector<std::optional<std::string>>> ClusterView::Load(std::span<const store::Ref> refs
) {
    return Ask<Result<std::vector<std::optional<std::string>>>>([&](auto& engine) {
        return engine.Load(refs);
    });
}

Result<store::Page> ClusterView::Scan(const store::ScanRequest& request) {
    return Ask<Result<store::Page>>([&](auto& engine) { return engine.Scan(request); });
}

Result<std::vector<store::WorkItem>> ClusterView::Work(const store::WorkQuery& query) {
    return Ask<Result<std::vector<store::WorkItem>>>([&](auto& engine) {
        return engine.Work(query);
    });
}

Result<std::vector<NodeId>> ClusterView::WorkOwners() {
    return Ask<Result<std::vector<NodeId>>>([&](auto& engine) { return engine.WorkOwners(); });
}

Result<std::vector<store::RollupRow>> ClusterView::Rollup(store::Collection collection) {
    return Ask<Result<std::vector<store::RollupRow>>>([&](auto& engine) {
        return engine.Rollup(collection);
    });
}

Result<std::vector<std::string>> ClusterView::Verify(bool repair) {
    return cluster_.engine_->Verify(repair);
}

std::optional<std::string> ClusterView::Trouble() const {
    if (cluster_.down()) return "there is no primary";
    return std::nullopt;
}

// One write after the other, as the server does it: others come between.
Result<std::vector<WriteResult>> ClusterView::Commit(std::span<const store::Write> writes) {
    auto& fibers = cluster_.fibers_;
    if (Reach() != cluster_.engine_.get()) {
        fibers.Sleep(cluster_.random_.Between(kMs, kSecond));
        if (cluster_.random_.Chance(0.5))
            return Fail(ErrorCode::kUnavailable, "no primary answers");
        return std::vector<WriteResult>(
            writes.size(), WriteResult(WriteState::kFailed, "no primary")
        );
    }
    std::vector<WriteResult> results;
    bool whole = true;
    for (const auto& write : writes) {
        auto fate = cluster_.down() || cut_off() ? Cluster::Fate::kFailed : cluster_.Draw();
        if (fate == Cluster::Fate::kAnswered) {
            results.push_back(cluster_.Write(write));
        } else {
            results.push_back({WriteState::kFailed, "no answer came"});
            whole = false;
        }
        if (fate == Cluster::Fate::kUnanswered) cluster_.Write(write);
        if (fate == Cluster::Fate::kLate) {
            const Micros at = fibers.now() + cluster_.random_.Between(10 * kMs, 8 * kSecond);
            fibers.At(at, [&cluster = cluster_, write] {
                const auto landed = cluster.Write(write);
                cluster.trace_.Note("a late write lands: {}", static_cast<int>(landed.state));
            });
        }
        if (writes.size() > 1) fibers.Sleep(cluster_.random_.Between(1, 300));
    }
    WayBack();
    // What is known of each, or nothing of any.
    if (!whole && cluster_.random_.Chance(0.3)) {
        return Fail(ErrorCode::kUnavailable, "no answer came");
    }
    return results;
}

}  // namespace barracuda::sim
