// The work queue: keys of owner, collection, due and document (docs/formats/rocksdb.md).
#include "store/index.h"
#include "store/kv_engine.h"
#include "store/kv_keys.h"

namespace barracuda::store {

namespace {

// After everything of this owner.
std::string OwnerEnd(std::string_view owner) { return std::string(owner) + '\1'; }

// One owner's work in one collection.
struct Share {
    std::string bound, end;  // all of it: [bound, end)

    Share(std::string_view owner, Collection collection) : bound(owner), end(owner) {
        bound += '\0';
        bound += static_cast<char>(collection);
        end += '\0';
        end += static_cast<char>(static_cast<char>(collection) + 1);
    }
    // The key of the first work that is due at `from` or later.
    std::string From(const std::optional<Time>& from) const {
        std::string at = bound;
        if (from) AppendDate(at, *from);
        return at;
    }
};

constexpr std::string_view kQueueEnd = "\xff";  // above every owner
constexpr size_t kGapsMax = 128;                // remembered in one reading

// An iterator over the queue that begins behind what is known to be empty.
class WorkReader {
public:
    WorkReader(Kv& kv, EmptyRanges& ranges) : look_(ranges), it_(kv.Iterate(Space::kWork)) {}

    // To the first entry at or after `bound`; what is below `end` and empty is remembered.
    void Seek(std::string_view bound, std::string_view end) {
        it_->Seek(look_.From(bound));
        if (!it_->Status()) return;
        look_.Found(bound, it_->Valid() ? std::min(it_->Key(), end) : end);
    }
    // To the entry after this one. What waits at the front for long, behind a network that hangs,
    // has what was finished since right behind it: those gaps are remembered as well.
    void Next(std::string_view end) {
        std::string behind(it_->Key());
        behind.push_back('\0');
        if (gaps_ == kGapsMax) return it_->Next();
        ++gaps_;
        if (look_.From(behind) != behind) return Seek(behind, end);
        it_->Next();
        if (it_->Status()) look_.Found(behind, it_->Valid() ? std::min(it_->Key(), end) : end);
    }
    KvIterator* operator->() { return it_.get(); }

private:
    EmptyRanges::Look look_;  // first: the iterator is a snapshot of a later moment
    std::unique_ptr<KvIterator> it_;
    size_t gaps_ = 0;
};

}  // namespace

Result<std::vector<WorkItem>> KvEngine::Work(const WorkQuery& query) {
    std::vector<WorkItem> items;
    WorkReader it(*kv_, empty_work_);
    auto take = [&](const NodeId& owner) {
        const Share share(owner.value, query.collection);
        for (it.Seek(share.From(query.from), share.end);
             it->Valid() && items.size() < query.limit && it->Key().starts_with(share.bound);
             it.Next(share.end)) {
            auto item = WorkItemOf(it->Key());
            if (!item) continue;  // damaged; verify names it
            if (item->due > query.until) return;
            items.push_back(std::move(*item));
        }
    };
    if (query.owners) {
        for (const auto& owner : *query.owners) take(owner);
    } else {
        for (it.Seek("", kQueueEnd); it->Valid() && items.size() < query.limit;) {
            auto item = WorkItemOf(it->Key());
            if (!item) {
                it->Next();
                continue;
            }
            take(item->owner);
            it.Seek(OwnerEnd(item->owner.value), kQueueEnd);
        }
    }
    auto status = it->Status();
    if (!status) return Fail(status.error());
    return items;
}

Result<std::vector<NodeId>> KvEngine::WorkOwners() {
    std::vector<NodeId> owners;
    WorkReader it(*kv_, empty_work_);
    for (it.Seek("", kQueueEnd); it->Valid();) {
        auto item = WorkItemOf(it->Key());
        if (!item) {
            it->Next();
            continue;
        }
        it.Seek(OwnerEnd(item->owner.value), kQueueEnd);
        owners.push_back(std::move(item->owner));
    }
    auto status = it->Status();
    if (!status) return Fail(status.error());
    return owners;
}

}  // namespace barracuda::store
