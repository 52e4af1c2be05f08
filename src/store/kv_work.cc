// The work queue: keys of owner, due and document (docs/formats/rocksdb.md), read by owner.
#include "store/kv_engine.h"
#include "store/kv_keys.h"

namespace barracuda::store {

namespace {

// Before everything of this owner, and after it.
std::string WorkBound(std::string_view owner) { return std::string(owner) + '\0'; }
std::string WorkEnd(std::string_view owner) { return std::string(owner) + '\1'; }

}  // namespace

Result<std::vector<WorkItem>> KvEngine::Work(const WorkQuery& query) {
    std::vector<WorkItem> items;
    auto it = kv_->Iterate(Space::kWork);
    // From the iterator's place: what is due of one owner.
    auto take = [&](const std::string& owner) {
        const std::string bound = WorkBound(owner);
        for (; it->Valid() && items.size() < query.limit && it->Key().starts_with(bound);
             it->Next()) {
            auto item = WorkItemOf(it->Key());
            if (!item) continue;  // damaged; verify names it
            if (item->due > query.until) return;
            items.push_back(std::move(*item));
        }
    };
    if (query.owners) {
        for (const auto& owner : *query.owners) {
            it->Seek(WorkBound(owner));
            take(owner);
        }
    } else {
        for (it->Seek(""); it->Valid() && items.size() < query.limit;) {
            auto item = WorkItemOf(it->Key());
            if (!item) {
                it->Next();
                continue;
            }
            take(item->owner);
            it->Seek(WorkEnd(item->owner));
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
        auto item = WorkItemOf(it->Key());
        if (!item) {
            it->Next();
            continue;
        }
        it->Seek(WorkEnd(item->owner));
        owners.push_back(std::move(item->owner));
    }
    auto status = it->Status();
    if (!status) return Fail(status.error());
    return owners;
}

}  // namespace barracuda::store
