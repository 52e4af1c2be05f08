#include "disk.h"

namespace barracuda::sim {

void Disk::Told(size_t index) {
    told_ = std::max(told_, index + 1);
    oracle_.Applied(records_[index]);
}

bool Disk::Write(std::span<const store::KvChange> changes) {
    fibers_.Sleep(random_.Between(10, 200));
    const size_t index = records_.size();
    records_.emplace_back(changes.begin(), changes.end());
    if (control_ == Control::kEarlyAnswer) {
        Told(index);
        // As a store does that flushes its log once a second.
        fibers_.At(fibers_.now() + random_.Between(kMs, kSecond), [this, index] {
            if (index < records_.size()) synced_ = std::max(synced_, index + 1);
        });
        return true;
    }
    const bool slow = random_.Chance(mood_.slow);
    fibers_.Sleep(slow ? random_.Between(50 * kMs, 4 * kSecond) : random_.Between(100, 3 * kMs));
    if (random_.Chance(mood_.failing)) {
        trace_.Note("a sync fails");
        return false;
    }
    const bool lies = control_ == Control::kSyncLies && random_.Chance(0.5);
    if (!lies) synced_ = std::max(synced_, index + 1);
    Told(index);
    return true;
}

std::shared_ptr<store::MemoryKv::Data> Disk::Restart(bool power_cut) {
    size_t left = records_.size();
    if (power_cut) left = synced_ + random_.Below(left - synced_ + 1);
    trace_.Note("{} of {} batches are left, {} were synced", left, records_.size(), synced_);
    const bool torn = control_ == Control::kHalfBatch && power_cut && left < records_.size();
    if (torn) {
        auto& half = records_[left++];
        half.resize(half.size() / 2);
    }
    records_.resize(left);
    synced_ = told_ = left;
    oracle_.Survived(records_);
    auto data = std::make_shared<store::MemoryKv::Data>();
    store::MemoryKv memory(data);
    for (const auto& record : records_) (void)memory.Apply(record).has_value();
    return data;
}

}  // namespace barracuda::sim
