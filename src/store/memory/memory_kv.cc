#include "store/memory/memory_kv.h"

namespace barracuda::store {

namespace {

class MemoryIterator final : public KvIterator {
public:
    explicit MemoryIterator(MemoryKv::Map map) : map_(std::move(map)), at_(map_.end()) {}
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
    MemoryKv::Map map_;
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
    explicit MemorySnapshot(std::map<Space, MemoryKv::Map> spaces) : spaces_(std::move(spaces)) {}
    Result<std::vector<std::optional<std::string>>> MultiGet(
        Space space, std::span<const std::string> keys
    ) override {
        return ValuesIn(spaces_[space], keys);
    }
    std::unique_ptr<KvIterator> Iterate(Space space) override {
        return std::make_unique<MemoryIterator>(spaces_[space]);
    }

private:
    std::map<Space, MemoryKv::Map> spaces_;
};

}  // namespace

Result<std::vector<std::optional<std::string>>> MemoryKv::MultiGet(
    Space space, std::span<const std::string> keys
) {
    std::lock_guard lock(data_->mutex);
    return ValuesIn(data_->spaces[space], keys);
}

Result<bool> MemoryKv::Apply(std::span<const KvChange> changes) {
    std::lock_guard lock(data_->mutex);
    if (data_->fail_writes) return Fail(ErrorCode::kUnavailable, "injected write error");
    for (const auto& change : changes) {
        Map& map = data_->spaces[change.space];
        if (change.kind == KvChange::Kind::kPut) {
            map[change.key] = change.value;
        } else if (change.kind == KvChange::Kind::kDelete) {
            map.erase(change.key);
        } else {
            auto sum = RollupValue::Parse(map[change.key]).value_or(RollupValue());
            sum.Add(RollupValue::Parse(change.value).value_or(RollupValue()));
            map[change.key] = sum.Bytes();
        }
    }
    return true;
}

std::unique_ptr<KvIterator> MemoryKv::Iterate(Space space) {
    std::lock_guard lock(data_->mutex);
    return std::make_unique<MemoryIterator>(data_->spaces[space]);
}

std::unique_ptr<KvSnapshot> MemoryKv::Snapshot() {
    std::lock_guard lock(data_->mutex);
    return std::make_unique<MemorySnapshot>(data_->spaces);
}

Result<bool> MemoryKv::Backup(const std::string&) {
    return Fail(ErrorCode::kInvalid, "a store in memory has no backup");
}

}  // namespace barracuda::store
