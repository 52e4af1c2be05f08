// Cells as they stand among the index entries.
#include <set>

#include "store/cells.h"
#include "store/kv_engine.h"
#include "store/kv_keys.h"

namespace barracuda::store {

Result<bool> KvEngine::ReadCells(CellView view, Time from, Time to, const TakeCell& take) {
    if (!derived_) {
        return Fail(ErrorCode::kUnavailable, Trouble().value_or("the cells are not built yet"));
    }
    const std::string end = CellPrefix(view, to);
    auto it = kv_->Iterate(Space::kIndexes);
    for (it->Seek(CellPrefix(view, from)); it->Valid() && it->Key() < end; it->Next()) {
        const auto read = EachRow(it->Key(), it->Value(), take);
        if (read == CellRead::kEnough) return true;
        if (read == CellRead::kDamaged) {
            return Fail(ErrorCode::kInternal, "a cell of the reports is damaged");
        }
    }
    if (auto status = it->Status(); !status) return status;
    return true;
}

// An erasure may take words out of a country or a source: the cell that had them counts nothing
// then, and goes, for its key says them.
Result<bool> KvEngine::PurgeCells(std::span<const Ref> refs) {
    std::vector<std::string> keys;
    for (const auto& ref : refs) {
        if (ref.collection == Collection::kConversions) keys.push_back(DocumentKey(ref));
    }
    auto documents = kv_->MultiGet(Space::kDocuments, keys);
    if (!documents) return Fail(documents.error());
    std::set<std::pair<std::string, std::string>> places;
    for (const auto& document : *documents) {
        const auto at = domain::TopFields(document.value_or("")).Date("createdAt");
        if (!at) continue;
        for (CellView view : {CellView::kAll, CellView::kCountry, CellView::kSource}) {
            const Time begin = BeginOfCell(view, *at);
            const Time end{begin.ms + LengthOf(view)};
            places.emplace(CellPrefix(view, begin), CellPrefix(view, end));
        }
    }
    MutexLock lock(commit_mutex_);
    if (auto trouble = Trouble()) return Fail(ErrorCode::kUnavailable, *trouble);
    std::vector<KvChange> changes;
    std::vector<KeyRange> ranges;
    auto it = kv_->Iterate(Space::kIndexes);
    for (const auto& [from, to] : places) {
        ranges.push_back({from, to});
        for (it->Seek(from); it->Valid() && it->Key() < to; it->Next()) {
            if (!it->Value().empty()) continue;
            changes.push_back({Space::kIndexes, KvChange::Kind::kDelete, std::string(it->Key()), {}}
            );
        }
    }
    if (auto status = it->Status(); !status) return status;
    if (changes.empty()) return true;
    if (auto applied = kv_->Apply(changes); !applied) return applied;
    return kv_->Purge(Space::kIndexes, ranges);
}

}  // namespace barracuda::store
