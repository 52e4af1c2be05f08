// The work queue: keys of owner, due and document (docs/formats/rocksdb.md), read by owner.
#include "base/check.h"
#include "store/kv_engine.h"

namespace barracuda::store {

namespace {

// A work key starts with its owner and a NUL.
std::string_view OwnerIn(std::string_view work_key) {
    size_t end = work_key.find('\0');
    BARRACUDA_CHECK(end != std::string_view::npos && work_key.size() > end + 9);
    return work_key.substr(0, end);
}

WorkItem WorkItemOf(std::string_view key) {
    WorkItem item;
    item.owner = std::string(OwnerIn(key));
    key.remove_prefix(item.owner.size() + 1);
    uint64_t bits = 0;
    for (size_t i = 0; i < 8; ++i) bits = bits << 8 | static_cast<unsigned char>(key[i]);
    item.due = Time{static_cast<int64_t>(bits ^ (uint64_t{1} << 63))};
    item.ref.collection = static_cast<Collection>(key[8]);
    item.ref.key = std::string(key.substr(9));
    return item;
}

// Before everything of this owner, and after it.
std::string WorkBound(std::string_view owner) { return std::string(owner) + '\0'; }
std::string WorkEnd(std::string_view owner) { return std::string(owner) + '\1'; }

}  // namespace

Result<std::vector<WorkItem>> KvEngine::Work(const WorkQuery& query) {
    std::vector<WorkItem> items;
    auto it = kv_->Iterate(Space::kWork);
    // From the iterator's place: what is due of one owner.
    auto take = [&](std::string_view bound) {
        for (; it->Valid() && items.size() < query.limit && it->Key().starts_with(bound);
             it->Next()) {
            WorkItem item = WorkItemOf(it->Key());
            if (item.due > query.until) return;
            items.push_back(std::move(item));
        }
    };
    if (query.owners) {
        for (const auto& owner : *query.owners) {
            const std::string bound = WorkBound(owner);
            it->Seek(bound);
            take(bound);
        }
    } else {
        for (it->Seek(""); it->Valid() && items.size() < query.limit;) {
            const std::string owner(OwnerIn(it->Key()));
            take(WorkBound(owner));
            it->Seek(WorkEnd(owner));
        }
    }
    auto status = it->Status();
    if (!status) return Fail(status.error());
    return items;
}

Result<std::vector<std::string>> KvEngine::WorkOwners() {
    std::vector<std::string> owners;
    auto it = kv_->Iterate(Space::kWork);
    for (it->Seek(""); it->Valid();) {
        owners.emplace_back(OwnerIn(it->Key()));
        it->Seek(WorkEnd(owners.back()));
    }
    auto status = it->Status();
    if (!status) return Fail(status.error());
    return owners;
}

}  // namespace barracuda::store
