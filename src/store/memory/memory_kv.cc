#include "store/memory/memory_kv.h"

#include <utility>

#include "store/kv_merge.h"

namespace barracuda::store {

namespace {

using Data = MemoryKv::Data;

// All spaces as they stood when this was made.
class Moment {
public:
    explicit Moment(std::shared_ptr<Data> data) : data_(std::move(data)) {
        MutexLock lock(data_->mutex);
        spaces_ = data_->spaces;
    }
    Moment(const Moment&) = delete;
    Moment& operator=(const Moment&) = delete;
    ~Moment() {
        MutexLock lock(data_->mutex);
        spaces_.clear();
    }
    const MemoryKv::Map& map(Space space) const {
        static const MemoryKv::Map kEmpty;
        const auto at = spaces_.find(space);
        return at == spaces_.end() ? kEmpty : *at->second;
    }

private:
    std::shared_ptr<Data> data_;
    std::map<Space, std::shared_ptr<MemoryKv::Map>> spaces_;
};

class MemoryIterator final : public KvIterator {
public:
    MemoryIterator(std::shared_ptr<const Moment> moment, Space space)
        : moment_(std::move(moment)), map_(moment_->map(space)), at_(map_.end()) {}
    void Seek(std::string_view key) override { at_ = map_.lower_bound(key); }
    void SeekForPrev(std::string_view key) override {
        at_ = map_.upper_bound(key);
        Prev();
    }
    bool Valid() const override { return at_ != map_.end(); }
    void Next() override { ++at_; }
    void Prev() override { at_ = at_ == map_.begin() ? map_.end() : std::prev(at_); }
    std::string_view Key() const override { return at_->first; }
    std::string_view Value() const override { return at_->second; }
    Result<bool> Status() const override { return true; }

private:
    const std::shared_ptr<const Moment> moment_;
    const MemoryKv::Map& map_;
    MemoryKv::Map::const_iterator at_;
};

std::vector<std::optional<std::string>> ValuesIn(
    const MemoryKv::Map& map, std::span<const std::string> keys
) {
    std::vector<std::optional<std::string>> values;
    for (const auto& key : keys) {
        auto at = map.find(key);
        values.push_back(at == map.end() ? std::nullopt : std::optional(at->second));
    }
    return values;
}

class MemorySnapshot final : public KvSnapshot {
public:
    explicit MemorySnapshot(std::shared_ptr<Data> data)
        : moment_(std::make_shared<Moment>(std::move(data))) {}
    Result<std::vector<std::optional<std::string>>> MultiGet(
        Space space, std::span<const std::string> keys
    ) override {
        return ValuesIn(moment_->map(space), keys);
    }
    std::unique_ptr<KvIterator> Iterate(Space space) override {
        return std::make_unique<MemoryIterator>(moment_, space);
    }

private:
    const std::shared_ptr<const Moment> moment_;
};

}  // namespace

MemoryKv::Map& MemoryKv::Data::Own(Space space) {
    auto& map = spaces[space];
    if (!map) {
        map = std::make_shared<Map>();
    } else if (map.use_count() > 1) {
        map = std::make_shared<Map>(*map);
    }
    return *map;
}

Result<std::vector<std::optional<std::string>>> MemoryKv::MultiGet(
    Space space, std::span<const std::string> keys
) {
    return ValuesIn(Moment(data_).map(space), keys);
}

Result<bool> MemoryKv::Apply(std::span<const KvChange> changes) {
    MutexLock lock(data_->mutex);
    if (data_->fail_writes) return Fail(ErrorCode::kUnavailable, "injected write error");
    for (const auto& change : changes) {
        Map& map = data_->Own(change.space);
        if (change.kind == KvChange::Kind::kPut) {
            map[change.key] = change.value;
        } else if (change.kind == KvChange::Kind::kDelete) {
            map.erase(change.key);
        } else {
            const auto at = map.find(change.key);
            const auto existing = at == map.end() ? std::nullopt : std::optional(at->second);
            auto sum = Added(change.key, existing, change.value);
            if (sum) map[change.key] = std::move(*sum);
        }
    }
    return true;
}

std::unique_ptr<KvIterator> MemoryKv::Iterate(Space space) {
    return std::make_unique<MemoryIterator>(std::make_shared<Moment>(data_), space);
}

std::unique_ptr<KvSnapshot> MemoryKv::Snapshot() { return std::make_unique<MemorySnapshot>(data_); }

Result<bool> MemoryKv::Backup(const std::string&) {
    return Fail(ErrorCode::kInvalid, "a store in memory has no backup");
}

}  // namespace barracuda::store
